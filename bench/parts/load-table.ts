import type { Goal } from '../goal.js'
import { printTable } from '../print-table.js'
import type { Load } from '../run-load.js'
import { formatNumber, formatSpread, spreadOf } from '../statistics.js'
import type { LoadRun } from './load-run.js'

const HEADER = ['recorder', 'load slower by', 'CPU/event', 'less start-up', 'peak memory', 'bytes/event', 'lost']
const MB = 1e6

/** All runs of one load. */
export interface LoadTable {
  readonly load: Load
  /** Attempts per second without a recorder, a value per round. */
  readonly baselines: readonly number[]
  readonly runs: ReadonlyMap<string, readonly LoadRun[]>
  /** CPU time of an empty recording in ms, by recorder. */
  readonly startupMs: ReadonlyMap<string, number>
}

export function printLoad(table: LoadTable): void {
  const { baselines, load, runs } = table
  const title = `## load: ${describe(load)}, ${baselines.length} rounds of ${formatNumber(load.count ?? 0)} attempts`
  const rows = [...runs].map(([name, list]) => renderRow(name, list, table.startupMs.get(name) ?? 0))
  printTable(`${title}; alone ${formatSpread(spreadOf(baselines), 0, 'attempts/s')}`, HEADER, rows)
}

/** What is wanted of recorder `name`. A paced load has time left, so that nothing can slow it down. */
export function loadGoals({ load, runs, startupMs }: LoadTable, name: string): Goal[] {
  const list = runs.get(name) ?? []
  const where = describe(load)
  const lost = list.reduce((sum, run) => sum + run.attempts - run.recorded, 0)
  const slowDown = spreadOf(list.map((run) => run.slowDownPercent)).median
  const cpuUs = spreadOf(list.map((run) => cpuUsPerEvent(run, startupMs.get(name) ?? 0))).median
  const goals: Goal[] = [{ what: `lost, ${where}`, unit: 'events', wanted: 0, measured: lost, digits: 0 }]
  if (load.rate) goals.push({ what: `CPU, ${where}`, unit: 'µs/event', wanted: 2.5, measured: cpuUs, digits: 2 })
  else goals.push({ what: `slow-down, ${where}`, unit: '%', wanted: 5, measured: slowDown, digits: 1 })
  return goals
}

function describe({ mode, threads, rate }: Load): string {
  const pace = rate ? ` at ${formatNumber(rate)}/s` : ''
  return `${mode}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${pace}`
}

function renderRow(name: string, runs: readonly LoadRun[], startupMs: number): string[] {
  const of = (value: (run: LoadRun) => number) => spreadOf(runs.map(value))
  const attempts = runs.reduce((sum, run) => sum + run.attempts, 0)
  const lost = runs.reduce((sum, run) => sum + run.attempts - run.recorded, 0)
  return [
    name,
    formatSpread(
      of((run) => run.slowDownPercent),
      1,
      '%',
    ),
    formatSpread(
      of((run) => cpuUsPerEvent(run, 0)),
      2,
      'µs',
    ),
    formatSpread(
      of((run) => cpuUsPerEvent(run, startupMs)),
      2,
      'µs',
    ),
    `${formatNumber(of((run) => run.peakBytes / MB).median)} MB`,
    formatNumber(of((run) => run.fileBytes / Math.max(1, run.recorded)).median, 1),
    lost === 0
      ? '0'
      : `${formatNumber(lost)} of ${formatNumber(attempts)} (${formatNumber((lost / attempts) * 100, 1)} %)`,
  ]
}

function cpuUsPerEvent(run: LoadRun, startupMs: number): number {
  return ((run.cpuMs - startupMs) * 1000) / run.attempts
}
