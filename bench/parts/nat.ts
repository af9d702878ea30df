import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { TIME_SYSCALL, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { readProgramRuns, withProgramStats, type ProgramRuns } from '../program-runs.js'
import { startRecorder, type Recorder } from '../recorders/recorder.js'
import { runInTurn, type Beside } from '../recorders/run-in-turn.js'
import { tcpconn, tcpconnNat } from '../recorders/tcpconn.js'
import { formatNumber, formatSpread, spreadOf } from '../statistics.js'
import { runTraffic, type TrafficResult } from '../traffic/run-traffic.js'

/** Many short runs: the differences are less than a percent. */
const PAIRS_PER_ROUND = 5
const CONNECTS = 20_000
/** enum bpf_prog_type: programs of tp_btf */
const TRACING = 26
const WANTED_NS = 300
const WANTED_PERCENT = 1

/** Enables connection tracking in this network namespace, which belongs to the bench. */
const TRACKING = 'chain tracked { type filter hook output priority 0; ct state new accept; }'
/** Translates the connects: each gives a record. */
const TRANSLATION =
  'chain out { type nat hook output priority -100; ip daddr 127.0.0.1 tcp dport != 20001 dnat ip to 127.0.0.1:2; }'

/** Measures the cost of `record --nat` for connects and packets, with and without connection tracking. */
export async function measureNat({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  if (spawnSync('nft', ['--version']).error) throw new Error('nat needs nft: apt-get install nftables')
  const pairs = isQuick ? rounds : rounds * PAIRS_PER_ROUND
  const goals: Goal[] = []
  for (const [what, chains] of [
    ['without connection tracking', []],
    ['with connection tracking', [TRACKING]],
    ['with a translated destination', [TRACKING, TRANSLATION]],
  ] as const) {
    execFileSync('nft', ['flush', 'ruleset'])
    execFileSync('nft', ['-f', '-'], { input: `table inet bench {\n${chains.join('\n')}\n}\n` })
    goals.push(...(await measureRules(what, pairs)))
  }
  execFileSync('nft', ['flush', 'ruleset'])
  return goals
}

async function measureRules(what: string, pairs: number): Promise<Goal[]> {
  const recorders = [tcpconn, tcpconnNat]
  const connects = await runInTurn({ recorders, rounds: pairs, run: timeConnect })
  const traffic = await runInTurn({ recorders, rounds: pairs, run: sendTraffic })
  const ns = (name: string) => (connects.get(name) ?? []).map(addedNs)
  const percent = (name: string) => (traffic.get(name) ?? []).map(slowDown)
  printTable(
    `## nat: a refused connect, and TCP over loopback, ${what}, ${pairs} pairs`,
    ['', 'connect slower by', 'traffic slower by'],
    recorders.map(({ name }) => [
      name,
      formatSpread(spreadOf(ns(name)), 0, 'ns'),
      formatSpread(spreadOf(percent(name)), 1, '%'),
    ]),
  )
  for (const recorder of recorders) await printPrograms(recorder)
  const median = (values: readonly number[]) => spreadOf(values).median
  const added = median(ns(tcpconnNat.name)) - median(ns(tcpconn.name))
  const slowed = median(percent(tcpconnNat.name)) - median(percent(tcpconn.name))
  return [
    { what: `a connect, by --nat, ${what}`, unit: 'ns', wanted: WANTED_NS, measured: added, digits: 0 },
    { what: `TCP slowed by --nat, ${what}`, unit: '%', wanted: WANTED_PERCENT, measured: slowed, digits: 1 },
  ]
}

async function timeConnect(): Promise<number> {
  return Number(execFileSync(TIME_SYSCALL, ['refused', String(CONNECTS)]))
}

const sendTraffic = () => runTraffic('TCP', 1)

function addedNs({ alone: [before, after], recorded }: Beside<number>): number {
  return recorded - (before + after) / 2
}

function slowDown({ alone: [before, after], recorded }: Beside<TrafficResult>): number {
  const alone = (before.bytesPerSecond + after.bytesPerSecond) / 2
  return (1 - recorded.bytesPerSecond / alone) * 100
}

/** As the kernel measures all programs of the recorder; the time includes one clock reading per run. */
async function printPrograms(recorder: Recorder): Promise<void> {
  await withDirectory(async (directory) => {
    const tool = await startRecorder(recorder, join(directory, 'trace.db'))
    await withProgramStats(async () => {
      const start = readProgramRuns(tool.pid, TRACING)
      await timeConnect()
      const between = readProgramRuns(tool.pid, TRACING)
      const { packets } = await sendTraffic()
      const end = readProgramRuns(tool.pid, TRACING)
      const perConnect = difference(between, start, CONNECTS)
      const perPacket = difference(end, between, packets)
      console.log(
        `${recorder.name}: ${formatNumber(perConnect.ns)} ns in ${perConnect.count.toFixed(1)} runs per connect, ` +
          `${formatNumber(perPacket.ns)} ns in ${perPacket.count.toFixed(1)} runs per packet`,
      )
    })
    await tool.interrupt()
  })
}

function difference(after: ProgramRuns, before: ProgramRuns, count: number): ProgramRuns {
  return { count: (after.count - before.count) / count, ns: (after.ns - before.ns) / count }
}
