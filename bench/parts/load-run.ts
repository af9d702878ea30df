import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { withDirectory } from '../paths.js'
import { startRecorder, type Recorder } from '../recorders/recorder.js'
import { runLoad, type Load } from '../run-load.js'

/** Time for a tool to read what is still in its buffers. */
const DRAIN_MS = 500

/** The load under one recorder, once. */
export interface LoadRun {
  /** By how much the load was slower than without it, in percent. */
  readonly slowDownPercent: number
  readonly attempts: number
  readonly recorded: number
  /** From the recorder's start to its end. */
  readonly cpuMs: number
  readonly peakBytes: number
  readonly fileBytes: number
}

/** @param baselineRate attempts per second without a recorder */
export async function recordLoad(recorder: Recorder, load: Load, baselineRate: number): Promise<LoadRun> {
  return withDirectory(async (directory) => {
    const output = join(directory, 'output')
    const tool = await startRecorder(recorder, output)
    const { attempts, rate } = await runLoad(load)
    await delay(DRAIN_MS)
    const { cpuMs, peakBytes } = await tool.interrupt()
    const fileBytes = statSync(output).size
    const slowDownPercent = (baselineRate / rate - 1) * 100
    return { slowDownPercent, attempts, recorded: recorder.count(output), cpuMs, peakBytes, fileBytes }
  })
}
