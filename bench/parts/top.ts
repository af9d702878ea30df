import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { treeCpuTimeNs } from '../cpu-time.js'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startRecorder, type Recorder } from '../recorders/recorder.js'
import { tcpconn } from '../recorders/tcpconn.js'
import { withTerminal, type TerminalProgram } from '../recorders/terminal.js'
import { LOAD_PORT, runLoad, type Load, type LoadResult } from '../run-load.js'
import { formatNumber, formatSpread, spreadOf } from '../statistics.js'

const RATE = 1000
const FAST_RATE = 28_000
const ENDPOINTS = 100
const SIZE = { columns: 100, rows: 40 }
/** Both see only the load: others may connect on this host. */
const FILTER = ['--port', String(LOAD_PORT)]
/** After the start: V8 has compiled what runs often, and has collected the objects of the start. */
const SETTLE_MS = 12_000
/** Longer than a tick, and than a second of the table takes to be drawn. */
const DRAIN_MS = 3000
const MB = 1e6

/** `record` with the filter of `top`. */
const record: Recorder = { ...tcpconn, command: (output) => [...tcpconn.command(output), ...FILTER] }

/** What a tool took while the load ran. */
interface Cost {
  readonly percent: number
  readonly peakMb: number
  readonly rate: number
}

/** A fast load, and the attempts that `top` counted. */
interface Shown {
  readonly load: LoadResult
  readonly shown: number
}

/**
 * Measures `top` in a terminal beside `record` at the same rate, in turn, and whether it loses attempts at a high rate while it
 * draws.
 */
export async function measureTop({ rounds, isQuick }: BenchOptions): Promise<Goal[]> {
  const seconds = isQuick ? 12 : 20
  const costs: { record: Cost; top: Cost }[] = []
  const shown: Shown[] = []
  for (let round = 0; round < rounds; round++) {
    costs.push({ record: await measureRecord(seconds), top: await runTop((top) => measureCost(top.pid, seconds)) })
    shown.push(await runTop((top) => countShown(top, seconds)))
  }
  return [...printCosts(costs, seconds), ...printShown(shown)]
}

async function measureRecord(seconds: number): Promise<Cost> {
  return withDirectory(async (directory) => {
    const tool = await startRecorder(record, join(directory, 'trace.db'))
    const cost = await measureCost(tool.pid, seconds)
    await tool.interrupt()
    return cost
  })
}

async function runTop<T>(measure: (top: TerminalProgram) => Promise<T>): Promise<T> {
  const command = [process.execPath, CLI, 'top', ...FILTER]
  return withTerminal(command, { ...SIZE, isStarted: /q: quit/ }, async (top) => {
    const result = await measure(top)
    await top.interrupt()
    return result
  })
}

/** The load runs while the tool settles, too. */
async function measureCost(pid: number, seconds: number): Promise<Cost> {
  const load: Load = { mode: 'reset', rate: RATE, endpoints: ENDPOINTS, seconds: SETTLE_MS / 1000 + seconds + 2 }
  const running = runLoad(load)
  await delay(SETTLE_MS)
  const [cpuNs, startMs] = [treeCpuTimeNs(pid), performance.now()]
  await delay(seconds * 1000)
  const usedMs = (treeCpuTimeNs(pid) - cpuNs) / 1e6
  const percent = (usedMs / (performance.now() - startMs)) * 100
  const { rate } = await running
  return { percent, rate, peakMb: peakBytes(pid) / MB }
}

async function countShown(top: TerminalProgram, seconds: number): Promise<Shown> {
  const load = await runLoad({ mode: 'reset', threads: 2, rate: FAST_RATE, endpoints: ENDPOINTS, seconds })
  await delay(DRAIN_MS)
  const screen = await top.screen()
  const [, count] = /since the start: ([\d,]+) attempts/.exec(screen) ?? []
  if (count === undefined) throw new Error(`top does not show how many attempts it has seen:\n${screen}`)
  return { load, shown: Number(count.replaceAll(',', '')) }
}

function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

function printCosts(costs: readonly { readonly record: Cost; readonly top: Cost }[], seconds: number): Goal[] {
  const difference = spreadOf(costs.map(({ record: recorded, top }) => top.percent - recorded.percent))
  const row = (name: string, of: readonly Cost[]) => [
    name,
    formatSpread(spreadOf(of.map(({ percent }) => percent)), 1, '%'),
    `${formatNumber(spreadOf(of.map(({ peakMb }) => peakMb)).median)} MB`,
    formatSpread(spreadOf(of.map(({ rate }) => rate)), 0, '/s'),
  ]
  const [columns, rows] = [SIZE.columns, SIZE.rows]
  const load = `${formatNumber(RATE)} attempts/s to ${ENDPOINTS} endpoints`
  printTable(
    `## top: ${load}, a terminal of ${columns}×${rows}, ${costs.length} rounds of ${seconds} s in turn`,
    ['', 'share of a core', 'peak memory', 'rate reached'],
    [
      row(
        'tcpconn record',
        costs.map((cost) => cost.record),
      ),
      row(
        'tcpconn top',
        costs.map((cost) => cost.top),
      ),
      ['difference', formatSpread(difference, 1, 'points'), '', ''],
    ],
  )
  const what = `top more than record, ${formatNumber(RATE)}/s`
  return [{ what, unit: '% of a core', wanted: 3, measured: difference.median, digits: 1 }]
}

function printShown(runs: readonly Shown[]): Goal[] {
  const rows = runs.map(({ load, shown }) => [
    `${formatNumber(load.rate)}/s`,
    formatNumber(load.attempts),
    formatNumber(shown),
    formatNumber(load.attempts - shown),
  ])
  const header = ['rate reached', 'attempts', 'counted by top', 'lost']
  printTable(`## top: ${formatNumber(FAST_RATE)} attempts/s while it draws`, header, rows)
  // An additional attempt is as wrong as a missing one.
  const lost = runs.reduce((sum, { load, shown }) => sum + Math.abs(load.attempts - shown), 0)
  const reached = formatNumber(Math.min(...runs.map(({ load }) => load.rate)))
  const what = `lost by top, drawing, at ${formatNumber(FAST_RATE)}/s (reached ${reached}/s)`
  return [{ what, unit: 'events', wanted: 0, measured: lost, digits: 0 }]
}
