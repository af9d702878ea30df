/** bcc has two editions of each tool: Python (tools/) and C with libbpf (libbpf-tools/). */
export type Edition = 'python' | 'libbpf'

/** An option of a bcc tool, and its translation. */
export interface BccOption {
  readonly letter: string | null
  readonly name: string
  /** Name of its value; `null` for a flag */
  readonly value: string | null
  /** Long names can be abbreviated if they stay unique within an edition. */
  readonly editions: readonly Edition[]
  readonly description: string
  /** The equivalent option of `live`, another action, or the reason for refusing it */
  readonly becomes: { readonly live: string } | 'nothing' | 'help' | 'version' | { readonly refused: string }
}

/** A bcc tool. */
export interface BccTool {
  readonly tool: string
  readonly description: string
  readonly options: readonly BccOption[]
  /** The positional argument, if the tool has one */
  readonly operand: { readonly name: string; readonly description: string } | null
  /** Arguments of `live` that are always set */
  readonly columns: readonly string[]
  readonly examples: readonly (readonly [args: string, meaning: string])[]
}

const BOTH = ['python', 'libbpf'] as const
const PYTHON = ['python'] as const
const LIBBPF = ['libbpf'] as const

/** @param flags as in a help text: `-p, --pid PID` */
function option(
  flags: string,
  editions: readonly Edition[],
  description: string,
  becomes?: BccOption['becomes'],
): BccOption {
  const [, letter = null, name = '', value = null] = /^(?:-(.), )?--([a-z0-9-]+)(?: ([A-Z]+))?$/.exec(flags) ?? []
  return { letter, name, value, editions, description, becomes: becomes ?? { live: `--${name}` } }
}

const COMMON: readonly BccOption[] = [
  option('-h, --help', BOTH, 'print this help', 'help'),
  option('-t, --timestamp', BOTH, 'time of each attempt, in seconds since the first row'),
  option('-p, --pid PID', BOTH, 'only this process'),
  option('-4, --ipv4', PYTHON, 'only IPv4'),
  option('-6, --ipv6', PYTHON, 'only IPv6'),
  option('-V, --version', LIBBPF, 'print the version of tcpconn', 'version'),
  option('-?, --usage', LIBBPF, 'print this help', 'help'),
  option('--ebpf', PYTHON, '', { refused: 'the probe is precompiled; its source cannot be printed' }),
]

const TCPCONNECT: BccTool = {
  tool: 'tcpconnect',
  description: 'Shows every outbound TCP connect of this host.',
  options: [
    ...COMMON,
    option('-P, --port PORTS', BOTH, 'only these remote ports: 80,443'),
    option('-L, --lport', PYTHON, 'local ports'),
    option('-U, --print-uid', BOTH, 'user ids'),
    option('-u, --uid UID', BOTH, 'only this user'),
    option('-c, --count', BOTH, 'count by addresses and remote port, until Ctrl-C'),
    option('-d, --dns', PYTHON, 'the DNS name the address was resolved from'),
    option('-s, --source-port', LIBBPF, 'local ports after the remote address; with -c, counts per local port'),
    option('-C, --cgroupmap PATH', BOTH, 'only cgroups in this pinned BPF map'),
    option('-M, --mntnsmap PATH', BOTH, 'only mount namespaces in this pinned BPF map'),
    option('--containersmap PATH', PYTHON, '', {
      refused: 'tcpconn live --container prints container names without a map',
    }),
    option('-v, --verbose', LIBBPF, 'ignored', 'nothing'),
  ],
  operand: null,
  columns: [],
  examples: [
    ['-t -U', 'with timestamps and user ids'],
    ['-P 80,443 -d', 'two ports, with DNS names'],
    ['-c', 'counts, printed on Ctrl-C'],
  ],
}

const TCPCONNLAT: BccTool = {
  tool: 'tcpconnlat',
  description: 'Shows how long every outbound TCP connect of this host took, in milliseconds.',
  options: [...COMMON, option('-L, --lport', BOTH, 'local ports'), option('-v, --verbose', BOTH, 'ignored', 'nothing')],
  operand: { name: 'MS', description: 'only attempts that took at least this many milliseconds: 10 or 0.5' },
  columns: ['--latency'],
  examples: [
    ['10', 'attempts that took 10 ms or longer'],
    ['-t -p 181', 'with timestamps, for one process'],
  ],
}

/** The tools by their names. */
export const BCC_TOOLS: Readonly<Record<string, BccTool>> = { tcpconnect: TCPCONNECT, tcpconnlat: TCPCONNLAT }
