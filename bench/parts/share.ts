import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startMeasured, type Usage } from '../run-measured.js'
import { formatSpread, spreadOf } from '../statistics.js'
import { makeTrace } from '../traces/cached-trace.js'
import { peakOf } from './contest.js'

/** For ten million attempts */
const GOAL_SECONDS = 30
const GOAL_PEAK_MB = 150
const WAYS = [
  { what: 'level default', args: [] },
  { what: 'level strict', args: ['--level', 'strict'] },
  { what: 'one port', args: ['--port', '443'] },
] as const

/** Time, peak memory and size of shared traces, as whole processes. */
export async function measureShare({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const millions = isQuick ? 1 : 10
  const trace = makeTrace(millions)
  return withDirectory(async (directory) => {
    const rows: string[][] = []
    const goals: Goal[] = []
    for (const { what, args } of WAYS) {
      const { usages, bytes } = await shareInRounds([trace, ...args], join(directory, 'shared.db'), rounds)
      const seconds = spreadOf(usages.map((usage) => usage.elapsedMs / 1000))
      const peakMb = peakOf(usages) / 1e6
      rows.push([what, formatSpread(seconds, 1, 's'), `${Math.round(peakMb)} MB`, `${Math.round(bytes / 1e6)} MB`])
      goals.push({ what: `share, ${what}, peak memory`, unit: 'MB', wanted: GOAL_PEAK_MB, measured: peakMb, digits: 0 })
      if (what !== 'level default') continue
      const wanted = (GOAL_SECONDS * millions) / 10
      goals.push({ what: 'share', unit: 's', wanted, measured: seconds.median, digits: 1 })
    }
    printTable(`## share: ${millions} M attempts, ${rounds} rounds`, ['', 'time', 'peak memory', 'file'], rows)
    return goals
  })
}

async function shareInRounds(args: readonly string[], output: string, rounds: number) {
  const usages: Usage[] = []
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    const measured = await startMeasured([process.execPath, CLI, 'share', ...args, '-o', output])
    usages.push(await measured.ended)
    bytes = statSync(output).size
    rmSync(output)
  }
  return { usages, bytes }
}
