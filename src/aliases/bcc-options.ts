/** bcc has each tool twice: in Python (tools/) and in C on libbpf (libbpf-tools/). */
export type Edition = 'python' | 'libbpf'

/** An option of one of bcc's tools, and what becomes of it. */
export interface BccOption {
  readonly letter: string | null
  readonly name: string
  /** What its value is called; `null` for a flag */
  readonly value: string | null
  /** Long names may be cut short as far as an edition's own others allow. */
  readonly editions: readonly Edition[]
  readonly description: string
  /** The option of `live` that it becomes; what is done instead; or why it is refused */
  readonly becomes: { readonly live: string } | 'nothing' | 'help' | 'version' | { readonly refused: string }
}

/** One of bcc's tools. */
export interface BccTool {
  readonly tool: string
  readonly description: string
  readonly options: readonly BccOption[]
  /** What may stand beside the options */
  readonly operand: { readonly name: string; readonly description: string } | null
  /** Arguments of `live` that it always has */
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
  option('-h, --help', BOTH, 'this text', 'help'),
  option('-t, --timestamp', BOTH, 'time of each attempt, in seconds since the first row'),
  option('-p, --pid PID', BOTH, 'only this process'),
  option('-4, --ipv4', PYTHON, 'only IPv4'),
  option('-6, --ipv6', PYTHON, 'only IPv6'),
  option('-V, --version', LIBBPF, 'the version of tcpconn', 'version'),
  option('-?, --usage', LIBBPF, 'this text', 'help'),
  option('--ebpf', PYTHON, '', { refused: 'the probe is compiled already: its source is not printed' }),
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
    option('-d, --dns', PYTHON, 'the name that the address was looked up by'),
    option('-s, --source-port', LIBBPF, 'local ports after the remote address; with -c they count apart'),
    option('-C, --cgroupmap PATH', BOTH, 'only cgroups in this pinned BPF map'),
    option('-M, --mntnsmap PATH', BOTH, 'only mount namespaces in this pinned BPF map'),
    option('--containersmap PATH', PYTHON, '', { refused: 'tcpconn live --container names containers without a map' }),
    option('-v, --verbose', LIBBPF, 'taken, and does nothing more', 'nothing'),
  ],
  operand: null,
  columns: [],
  examples: [
    ['-t -U', 'with time and user'],
    ['-P 80,443 -d', 'two ports, with the names that were looked up'],
    ['-c', 'counts, printed on Ctrl-C'],
  ],
}

const TCPCONNLAT: BccTool = {
  tool: 'tcpconnlat',
  description: 'Shows how long every outbound TCP connect of this host took, in milliseconds.',
  options: [
    ...COMMON,
    option('-L, --lport', BOTH, 'local ports'),
    option('-v, --verbose', BOTH, 'taken, and does nothing more', 'nothing'),
  ],
  operand: { name: 'MS', description: 'only what took at least this many milliseconds: 10 or 0.5' },
  columns: ['--latency'],
  examples: [
    ['10', 'what took 10 ms or longer'],
    ['-t -p 181', 'with time, of one process'],
  ],
}

/** The tools by their names. */
export const BCC_TOOLS: Readonly<Record<string, BccTool>> = { tcpconnect: TCPCONNECT, tcpconnlat: TCPCONNLAT }
