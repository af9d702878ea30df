import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cpuTimeNs } from '../cpu-time.js'
import type { BenchOptions, Goal } from '../goal.js'
import { withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startRecorder } from '../recorders/recorder.js'
import { tcpconn } from '../recorders/tcpconn.js'
import { startMeasured, type MeasuredProcess } from '../run-measured.js'

/**
 * Since the start: after about nine seconds V8 runs one garbage collection of the objects of the start (30 ms of CPU
 * time).
 */
const SETTLE_MS = 12_000
/** Wakes up as often as an idle recorder: the minimum cost of a Node.js program. */
const TIMER = [process.execPath, '-e', 'setInterval(() => {}, 150)']

/** Measures the CPU time of an idle recorder, compared with a mere timer. */
export async function measureIdle({ isQuick }: BenchOptions): Promise<Goal[]> {
  const seconds = isQuick ? 10 : 20
  const timer = await idleShare(await startMeasured(TIMER), seconds)
  const percent = await withDirectory(async (directory) => {
    return idleShare(await startRecorder(tcpconn, join(directory, 'trace.db')), seconds)
  })
  printTable(
    `## idle: share of a core over ${seconds} s`,
    ['', ''],
    [
      ['node, a timer every 150 ms', `${timer.toFixed(2)} %`],
      ['tcpconn record', `${percent.toFixed(2)} %`],
    ],
  )
  return [{ what: 'idle, share of a core', unit: '%', wanted: 0.3, measured: percent, digits: 2 }]
}

async function idleShare(tool: MeasuredProcess, seconds: number): Promise<number> {
  await delay(SETTLE_MS)
  const [cpuNs, startMs] = [cpuTimeNs(tool.pid), performance.now()]
  await delay(seconds * 1000)
  const usedMs = (cpuTimeNs(tool.pid) - cpuNs) / 1e6
  const elapsedMs = performance.now() - startMs
  await tool.interrupt()
  return (usedMs / elapsedMs) * 100
}
