import type { Goal } from '../goal.js'
import { printTable } from '../print-table.js'
import type { Load, LoadResult } from '../run-load.js'
import { formatNumber, formatSpread, spreadOf } from '../statistics.js'
import type { LoadRun } from './load-run.js'

const HEADER = [
  'recorder',
  'load slower by',
  'load CPU',
  'CPU/event',
  'less start-up',
  'peak memory',
  'bytes/event',
  'lost',
]
const MB = 1e6

/** All runs of one load. */
export interface LoadTable {
  readonly load: Load
  /** Results of the load without a recorder. */
  readonly alone: readonly LoadResult[]
  readonly runs: ReadonlyMap<string, readonly LoadRun[]>
  /** CPU time of an empty recording in ms, by recorder. */
  readonly startupMs: ReadonlyMap<string, number>
}

export function printLoad(table: LoadTable): void {
  const { alone, load, runs } = table
  const rounds = [...runs.values()][0]?.length
  const title = `## load: ${describe(load)}, ${rounds} rounds of ${formatNumber(load.count ?? 0)} attempts`
  const rates = spreadOf(alone.map(({ rate }) => rate))
  const rows = [...runs].map(([name, list]) => renderRow(name, list, table.startupMs.get(name) ?? 0))
  printTable(`${title}; alone ${formatSpread(rates, 0, 'attempts/s')}`, HEADER, rows)
}

/** The goals of recorder `name`. A paced load has idle time, so nothing can slow it down. */
export function loadGoals(table: LoadTable, name: string): Goal[] {
  const { load, runs, startupMs } = table
  const list = runs.get(name) ?? []
  const where = describe(load)
  const cpu = spreadOf(list.map(cpuUs(startupMs.get(name) ?? 0))).median
  const slower = spreadOf(list.map(slowDown)).median
  const goals = [lossGoal(table, name)]
  if (load.rate) goals.push({ what: `CPU, ${where}`, unit: 'µs/event', wanted: 1.5, measured: cpu, digits: 2 })
  // With two threads on two cores, the recorder has no core of its own.
  else
    goals.push({
      what: `slow-down, ${where}`,
      unit: '%',
      wanted: load.threads === 1 ? 5 : 10,
      measured: slower,
      digits: 1,
    })
  return goals
}

/** The goal that recorder `name` loses nothing. */
export function lossGoal({ load, runs }: LoadTable, name: string): Goal {
  // An additional row is as wrong as a missing one.
  const lost = (runs.get(name) ?? []).reduce((sum, run) => sum + Math.abs(run.attempts - run.recorded), 0)
  return { what: `lost by ${name}, ${describe(load)}`, unit: 'events', wanted: 0, measured: lost, digits: 0 }
}

function describe({ mode, threads, rate }: Load): string {
  const pace = rate ? ` at ${formatNumber(rate)}/s` : ''
  return `${mode}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${pace}`
}

function renderRow(name: string, runs: readonly LoadRun[], startupMs: number): string[] {
  const of = (value: (run: LoadRun) => number) => spreadOf(runs.map(value))
  return [
    name,
    formatSpread(of(slowDown), 1, '%'),
    `${formatNumber(of(loadCpu).median, 1)} %`,
    formatSpread(of(cpuUs(0)), 2, 'µs'),
    formatSpread(of(cpuUs(startupMs)), 2, 'µs'),
    `${formatNumber(of(peakMb).median)} MB`,
    formatNumber(of(bytesPerEvent).median, 1),
    renderLoss(runs),
  ]
}

const slowDown = (run: LoadRun) => run.slowDownPercent
const loadCpu = (run: LoadRun) => run.loadCpuPercent
const peakMb = (run: LoadRun) => run.peakBytes / MB
const bytesPerEvent = (run: LoadRun) => run.fileBytes / Math.max(1, run.recorded)
/** CPU time of the recorder per attempt, without `startupMs`. */
const cpuUs = (startupMs: number) => (run: LoadRun) => ((run.cpuMs - startupMs) * 1000) / run.attempts

function renderLoss(runs: readonly LoadRun[]): string {
  const attempts = runs.reduce((sum, run) => sum + run.attempts, 0)
  const lost = runs.reduce((sum, run) => sum + Math.max(0, run.attempts - run.recorded), 0)
  if (lost === 0) return '0'
  return `${formatNumber(lost)} of ${formatNumber(attempts)} (${formatNumber((lost / attempts) * 100, 1)} %)`
}
