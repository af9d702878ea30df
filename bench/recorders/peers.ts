import { spawnSync } from 'node:child_process'
import { LOAD_COMM, LOAD_PORT } from '../run-load.js'
import { countLines, type Recorder } from './recorder.js'

/** Prints a line per connect with its latency, like bcc's tcpconnlat, from the tracepoint that tcpconn uses. */
const BPFTRACE = `
tracepoint:sock:inet_sock_set_state /args->protocol == 6 && args->oldstate == 7 && args->newstate == 2/ {
  @start[args->skaddr] = nsecs; @pid[args->skaddr] = pid; @comm[args->skaddr] = comm;
}
tracepoint:sock:inet_sock_set_state /args->protocol == 6 && args->oldstate == 2 && @start[args->skaddr]/ {
  printf("%llu %d %s %s %d %s %d %d %d\\n", @start[args->skaddr], @pid[args->skaddr], @comm[args->skaddr],
    ntop(args->saddr), args->sport, ntop(args->daddr), args->dport, args->newstate, nsecs - @start[args->skaddr]);
  delete(@start[args->skaddr]); delete(@pid[args->skaddr]); delete(@comm[args->skaddr]);
}
END { clear(@start); clear(@pid); clear(@comm); }`

/** Prints connections when they are closed, including accepted ones. */
const tcplife: Recorder = {
  name: 'tcplife',
  command: () => ['tcplife'],
  usesStdout: true,
  attachment: /bpf_link|perf_event/,
  count: (output) => countLines(output, `^[0-9]+ +${LOAD_COMM} +[^ ]+ +[0-9]+ +[^ ]+ +${LOAD_PORT} `),
}

/** Prints every change of state: five per established attempt. */
const tcpstates: Recorder = {
  name: 'tcpstates',
  command: () => ['tcpstates'],
  usesStdout: true,
  attachment: /bpf_link|perf_event/,
  count: (output) => countLines(output, ` ${LOAD_COMM} .* ${LOAD_PORT} +SYN_SENT +->`),
}

const bpftrace: Recorder = {
  name: 'bpftrace',
  command: (output) => ['bpftrace', '-o', output, '-e', BPFTRACE],
  usesStdout: false,
  attachment: /bpf_link|perf_event/,
  count: (output) => countLines(output, ` ${LOAD_COMM} .* ${LOAD_PORT} [0-9]+ [0-9]+$`),
}

/** Records packets, not processes. -Z root: the directory belongs to root. */
const tcpdump: Recorder = {
  name: 'tcpdump',
  command: (output) => [
    'tcpdump',
    '-Z',
    'root',
    '-i',
    'lo',
    '-w',
    output,
    'tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn',
  ],
  usesStdout: false,
  attachment: /socket:/,
  count: (output) => Number.parseInt(run('tcpdump', ['-r', output, '--count', `dst port ${LOAD_PORT}`])),
}

/** Tools that a user might run instead, if this host has them. */
export const PEERS: readonly Recorder[] = [tcplife, tcpstates, bpftrace, tcpdump].filter(
  ({ name }) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined,
)

function run(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).stdout
}
