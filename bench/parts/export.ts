import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startMeasured, type Usage } from '../run-measured.js'
import { formatSpread, spreadOf } from '../statistics.js'
import { makeTrace } from '../traces/cached-trace.js'

const FORMATS = [
  { format: 'parquet', rate: 1.2, peakMb: 250 },
  { format: 'arrow', rate: 3, peakMb: 150 },
] as const

/** Rows per second, peak memory and size of exports, as whole processes. */
export async function measureExport({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const millions = isQuick ? 1 : 10
  const trace = makeTrace(millions)
  const rows: string[][] = []
  const goals: Goal[] = []
  for (const { format, rate, peakMb } of FORMATS) {
    const { usages, bytes } = await withDirectory((directory) =>
      exportTimes(trace, format, join(directory, 'out'), rounds),
    )
    const speed = spreadOf(usages.map((usage) => (millions * 1000) / usage.elapsedMs))
    const peak = Math.max(...usages.map((usage) => usage.peakBytes)) / 1e6
    rows.push([format, formatSpread(speed, 2, 'M rows/s'), `${peak.toFixed(0)} MB`, `${(bytes / 1e6).toFixed(0)} MB`])
    goals.push(
      { what: `export, ${format}`, unit: 'M rows/s', wanted: rate, measured: speed.median, digits: 2, isMinimum: true },
      { what: `export, ${format}, peak memory`, unit: 'MB', wanted: peakMb, measured: peak, digits: 0 },
    )
  }
  printTable(`## export: ${millions} M attempts, ${rounds} rounds`, ['format', 'rate', 'peak memory', 'file'], rows)
  return goals
}

async function exportTimes(trace: string, format: string, out: string, rounds: number) {
  const usages: Usage[] = []
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    const tool = await startMeasured([process.execPath, CLI, 'export', trace, '--format', format, '-o', out, '-q'])
    usages.push(await tool.ended)
    bytes = statSync(out).size
    rmSync(out)
  }
  return { usages, bytes }
}
