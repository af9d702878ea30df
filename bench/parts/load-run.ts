import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { withDirectory } from '../paths.js'
import { startRecorder, type Recorder } from '../recorders/recorder.js'
import { runLoad, type Load, type LoadResult } from '../run-load.js'

/** Time for a tool to read the rest of its buffers. */
const DRAIN_MS = 500

/** One run of the load with one recorder. */
export interface LoadRun {
  /** Decrease of the rate compared with the load alone, in percent. */
  readonly slowDownPercent: number
  /** Increase of the load's CPU time per attempt. */
  readonly loadCpuPercent: number
  readonly attempts: number
  readonly recorded: number
  /** From the start of the recorder to its end. */
  readonly cpuMs: number
  readonly peakBytes: number
  readonly fileBytes: number
}

/** @returns a function that makes a `LoadRun`, given results of the load alone from about the same time */
export async function recordLoad(recorder: Recorder, load: Load): Promise<(alone: readonly LoadResult[]) => LoadRun> {
  return withDirectory(async (directory) => {
    const output = join(directory, 'output')
    const tool = await startRecorder(recorder, output)
    const result = await runLoad(load)
    await delay(DRAIN_MS)
    const { cpuMs, peakBytes } = await tool.interrupt()
    const fileBytes = statSync(output).size
    const recorded = recorder.count(output, load.mode)
    return (alone) => ({
      slowDownPercent: (meanOf(alone, 'rate') / result.rate - 1) * 100,
      loadCpuPercent: (result.cpuNs / meanOf(alone, 'cpuNs') - 1) * 100,
      attempts: result.attempts,
      recorded,
      cpuMs,
      peakBytes,
      fileBytes,
    })
  })
}

function meanOf(results: readonly LoadResult[], name: 'rate' | 'cpuNs'): number {
  return results.reduce((sum, result) => sum + result[name], 0) / results.length
}
