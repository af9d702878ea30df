import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { FEED, FEED_OBJECT, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { formatSpread, spreadOf } from '../statistics.js'

/** Rounds at the beginning that are shown but not counted: the code is still being compiled. */
const WARM_UP = 1

interface Round {
  readonly events: number
  readonly wallMs: number
  readonly cpuMs: number
  /** Time of the sums, in the rounds that measure it */
  readonly sumsMs?: number
}

/** From ring bytes to committed rows on one core: million events per second. */
export async function measureFeed({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const events = isQuick ? 500_000 : 2_000_000
  const rows: string[][] = []
  const goals: Goal[] = []
  for (const outcomes of ['uniform', 'mixed'] as const) {
    const all = await withDirectory(async (directory) => runFeed(join(directory, 'trace.db'), outcomes, rounds, events))
    const [fed, summedUp] = [all.slice(0, WARM_UP + rounds), all.slice(WARM_UP + rounds)]
    const warmUp = rate(fed[0] as Round, 'wallMs')
    const wall = spreadOf(fed.slice(WARM_UP).map((round) => rate(round, 'wallMs')))
    const cpu = spreadOf(fed.slice(WARM_UP).map((round) => rate(round, 'cpuMs')))
    const sums = spreadOf(summedUp.slice(WARM_UP).map(({ sumsMs = NaN, events: count }) => (sumsMs * 1000) / count))
    rows.push([
      outcomes,
      formatSpread(wall, 2, 'M/s'),
      formatSpread(cpu, 2, 'M/s'),
      `${warmUp.toFixed(2)} M/s`,
      formatSpread(sums, 3, 'µs/event'),
    ])
    goals.push(
      { what: `feed, ${outcomes}`, unit: 'M/s', wanted: 1.5, measured: wall.median, digits: 2, isMinimum: true },
      { what: `sums, ${outcomes}`, unit: 'µs/event', wanted: 0.25, measured: sums.median, digits: 3 },
    )
  }
  const title = `## feed: ring to rows on one core, ${rounds} rounds of ${events / 1e6} M events`
  printTable(title, ['outcomes', 'by wall time', 'by CPU time', 'warm-up, wall', 'of it sums'], rows)
  return goals
}

/** On the last core, because interrupts mostly go to the first. */
function runFeed(trace: string, outcomes: string, rounds: number, events: number): Round[] {
  const args = [FEED, FEED_OBJECT, trace, outcomes, String(WARM_UP + rounds), String(events)]
  const output = execFileSync('taskset', ['-c', String(cpus().length - 1), process.execPath, ...args], {
    encoding: 'utf8',
  })
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Round)
}

function rate(round: Round, time: 'wallMs' | 'cpuMs'): number {
  return round.events / round[time] / 1000
}
