import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { ATTACH_RETURN, RETURN_OBJECT, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { readProgramRuns, withProgramStats } from '../program-runs.js'
import { startRecorder, type Recorder } from '../recorders/recorder.js'
import { runInTurn, type Beside } from '../recorders/run-in-turn.js'
import { tcpconn, tcpconnDns } from '../recorders/tcpconn.js'
import { formatNumber, formatSpread, spreadOf, type Spread } from '../statistics.js'
import { DATAGRAM_BYTES, runTraffic, type Protocol, type TrafficResult } from '../traffic/run-traffic.js'

/** Many short runs: the effect is smaller than the variation of a machine from minute to minute. */
const PAIRS_PER_ROUND = 3
const CGROUP_SKB = 8
const WANTED_PERCENT = 2

/** The minimum cost of any program that sees packets. */
const returnOnly: Recorder = {
  name: 'programs that only return',
  command: () => [process.execPath, ATTACH_RETURN, RETURN_OBJECT],
  usesStdout: false,
  attachment: /bpf_link/,
  count: () => 0,
}

/**
 * Measures the cost of `record --dns` for the packets of a host: its programs run when a packet is sent and when it is
 * received.
 */
export async function measureDns({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  if (spawnSync('iperf3', ['--version']).error) throw new Error('dns needs iperf3: apt-get install iperf3')
  const pairs = isQuick ? rounds : rounds * PAIRS_PER_ROUND
  const seconds = isQuick ? 1 : 2
  const goals: Goal[] = []
  for (const protocol of ['TCP', 'UDP'] as const) {
    const run = () => runTraffic(protocol, seconds)
    const results = await runInTurn({ recorders: [tcpconn, tcpconnDns, returnOnly], rounds: pairs, run })
    const programNs = await measurePrograms(run)
    printTraffic(`## dns: ${protocol} over loopback, ${pairs} pairs of ${seconds} s`, { protocol, results, programNs })
    const median = (value: typeof slowDown) => spreadOf((results.get(tcpconnDns.name) ?? []).map(value)).median
    const limit = { unit: '%', wanted: WANTED_PERCENT, digits: 1 }
    goals.push(
      { ...limit, what: `${protocol} slowed by --dns`, measured: median(slowDown) },
      { ...limit, what: `${protocol}, CPU per byte by --dns`, measured: median(addedCpuPercent) },
    )
  }
  return goals
}

/** As the kernel measures the programs: ns per packet, both together; `null` if it cannot. */
async function measurePrograms(run: () => Promise<TrafficResult>): Promise<number | null> {
  return withDirectory(async (directory) => {
    const tool = await startRecorder(tcpconnDns, join(directory, 'trace.db'))
    const measured = await withProgramStats(async () => {
      const { packets } = await run()
      const { count, ns } = readProgramRuns(tool.pid, CGROUP_SKB)
      if (count < packets) throw new Error(`the programs ran ${count} times for ${packets} packets`)
      return ns / packets
    })
    await tool.interrupt()
    return measured
  })
}

interface TrafficTable {
  readonly protocol: Protocol
  readonly results: ReadonlyMap<string, ReadonlyArray<Beside<TrafficResult>>>
  readonly programNs: number | null
}

function printTraffic(title: string, { protocol, results, programNs }: TrafficTable): void {
  const alone = [...results.values()].flat().flatMap((pair) => pair.alone)
  const rows = [...results].map(([name, list]) => [
    name,
    formatSpread(spreadOf(list.map(slowDown)), 1, '%'),
    formatSpread(spreadOf(list.map(addedCpuPercent)), 1, '%'),
    formatSpread(spreadOf(list.map(addedCpuNs)), 0, 'ns'),
    name === tcpconnDns.name && programNs !== null ? `${formatNumber(programNs)} ns` : '',
  ])
  const cpu = formatSpread(spreadOf(alone.map(({ cpuNs }) => cpuNs)), 0, 'ns')
  printTable(
    `${title}; alone ${formatRate(protocol, alone)}, a packet ${cpu} of CPU time`,
    [
      'recorder',
      'traffic slower by',
      'more CPU per byte',
      'more CPU per packet',
      'of it programs, as the kernel measures',
    ],
    rows,
  )
}

const slowDown = ({ alone: [before, after], recorded }: Beside<TrafficResult>) =>
  ((before.bytesPerSecond + after.bytesPerSecond) / 2 / recorded.bytesPerSecond - 1) * 100

const addedCpuNs = ({ alone: [before, after], recorded }: Beside<TrafficResult>) =>
  recorded.cpuNs - (before.cpuNs + after.cpuNs) / 2

/** The loss of throughput if nothing else ran. */
const addedCpuPercent = ({ alone: [before, after], recorded }: Beside<TrafficResult>) =>
  (recorded.cpuNsPerByte / ((before.cpuNsPerByte + after.cpuNsPerByte) / 2) - 1) * 100

function formatRate(protocol: Protocol, results: readonly TrafficResult[]): string {
  const rate = (divisor: number): Spread => spreadOf(results.map(({ bytesPerSecond }) => bytesPerSecond / divisor))
  return protocol === 'TCP'
    ? formatSpread(rate(1e9), 2, 'GB/s')
    : formatSpread(rate(DATAGRAM_BYTES), 0, `datagrams/s of ${DATAGRAM_BYTES} bytes`)
}
