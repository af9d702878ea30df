import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startRecorder } from '../recorders/recorder.js'
import { query, tcpconn } from '../recorders/tcpconn.js'
import { runLoad, type Load } from '../run-load.js'
import { formatNumber } from '../statistics.js'

const ENDPOINTS = 2000
const WANTED = 36

interface TraceSize {
  readonly rows: number
  readonly bytes: number
}

/** Size of a trace of a million attempts to 2,000 endpoints, including everything in the file. */
export async function measureBytes({ isQuick }: BenchOptions): Promise<Goal[]> {
  const count = isQuick ? 100_000 : 1_000_000
  const rows: string[][] = []
  const goals: Goal[] = []
  for (const mode of ['reset', 'refused'] as const) {
    const size = await withDirectory((directory) =>
      recordLoad(join(directory, 'trace.db'), { mode, count, endpoints: ENDPOINTS }),
    )
    const measured = size.bytes / size.rows
    rows.push([mode, formatNumber(size.rows), formatNumber(size.bytes), measured.toFixed(1)])
    goals.push({ what: `file size, ${mode}`, unit: 'bytes/row', wanted: WANTED, measured, digits: 1 })
  }
  printTable(`## bytes: ${ENDPOINTS} endpoints`, ['load', 'rows', 'bytes', 'bytes/row'], rows)
  return goals
}

async function recordLoad(path: string, load: Load): Promise<TraceSize> {
  const tool = await startRecorder(tcpconn, path)
  await runLoad(load)
  await tool.interrupt()
  return { rows: query(path, 'SELECT count(*) FROM connects'), bytes: statSync(path).size }
}
