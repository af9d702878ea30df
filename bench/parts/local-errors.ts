import { execFileSync } from 'node:child_process'
import type { BenchOptions, Goal } from '../goal.js'
import { TIME_SYSCALL } from '../paths.js'
import { printTable } from '../print-table.js'
import { runInTurn, type Beside } from '../recorders/run-in-turn.js'
import { query, tcpconn, tcpconnLocalErrors } from '../recorders/tcpconn.js'
import { formatSpread, spreadOf } from '../statistics.js'

/** Many short runs: the differences are a few ns. */
const PAIRS_PER_ROUND = 5

/**
 * Calls of bench/time-syscall.c. The number of failing calls is limited by the ring, so that the reader is not
 * measured.
 */
const CALLS = [
  { name: 'getppid', what: 'getppid()', count: 2_000_000 },
  { name: 'udp', what: 'connect(), UDP', count: 500_000 },
  { name: 'refused', what: 'connect(), refused', count: 20_000 },
  { name: 'unreachable', what: 'connect(), no route', count: 50_000 },
] as const

/** CPU time of each call in ns. */
type CallTimes = Readonly<Record<(typeof CALLS)[number]['name'], number>>

/**
 * Measures the cost of `record --local-errors` for system calls: connect(2), and all others, for which the kernel runs
 * a slower path.
 */
export async function measureLocalErrors({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const pairs = isQuick ? rounds : rounds * PAIRS_PER_ROUND
  let [failed, recorded] = [0, 0]
  const results = await runInTurn({
    recorders: [tcpconn, tcpconnLocalErrors],
    rounds: pairs,
    run: timeCalls,
    check(recorder, output) {
      if (recorder !== tcpconnLocalErrors) return
      failed += CALLS.find(({ name }) => name === 'unreachable')?.count ?? 0
      recorded += query(output, "SELECT count(*) FROM connects WHERE outcome = 'local_error' AND comm = 'time-syscall'")
    },
  })
  print(`## local-errors: CPU time of a system call, ${pairs} pairs`, results)
  return [{ what: 'lost, no route', unit: 'events', wanted: 0, measured: Math.abs(failed - recorded), digits: 0 }]
}

async function timeCalls(): Promise<CallTimes> {
  const times = CALLS.map(({ name, count }) => [name, Number(execFileSync(TIME_SYSCALL, [name, String(count)]))])
  return Object.fromEntries(times) as CallTimes
}

function print(title: string, results: ReadonlyMap<string, ReadonlyArray<Beside<CallTimes>>>): void {
  const ns = (values: readonly number[]) => formatSpread(spreadOf(values), 0, 'ns')
  const alone = [...results.values()].flat().flatMap((pair) => pair.alone)
  const rows = CALLS.map(({ name, what }) =>
    [what, ns(alone.map((times) => times[name]))].concat(
      [...results.values()].map((pairs) => ns(pairs.map((pair) => addedNs(pair, name)))),
    ),
  )
  printTable(title, ['call', 'alone', ...[...results.keys()].map((name) => `more with ${name}`)], rows)
}

function addedNs({ alone: [before, after], recorded }: Beside<CallTimes>, name: keyof CallTimes): number {
  return recorded[name] - (before[name] + after[name]) / 2
}
