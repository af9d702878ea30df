import { spawn, type ChildProcess } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { LOADGEN } from './paths.js'

/** Below the range of ephemeral ports. */
export const LOAD_PORT = 20000
/** Name of the load generator's threads. */
export const LOAD_COMM = 'loadgen'

/** Options of loadgen. */
export interface Load {
  readonly mode: 'reset' | 'refused'
  readonly threads?: number
  readonly count?: number
  readonly seconds?: number
  /** Attempts per second; default: the maximum rate. */
  readonly rate?: number
  /** Distinct remote addresses. */
  readonly endpoints?: number
}

export interface LoadResult {
  readonly attempts: number
  /** Attempts per second. */
  readonly rate: number
  /** CPU time per attempt, including the kernel's work. */
  readonly cpuNs: number
}

/** Runs the load to its end. Throws if an attempt ended with another outcome than that of the mode. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const output = await text(startLoad(load).stdout as Readable)
  const values = Object.fromEntries(
    [...output.matchAll(/(\w+)=([\d.]+)/g)].map(([, name, value]) => [name, Number(value)]),
  )
  const { attempts, rate, cpu_ns: cpuNs, errors } = values
  if (attempts === undefined || rate === undefined || cpuNs === undefined || errors !== 0)
    throw new Error(`loadgen failed: ${output}`)
  return { attempts, rate, cpuNs }
}

/** Starts the load, which keeps running. */
export function startLoad(load: Load): ChildProcess {
  const options = Object.entries(load).flatMap(([name, value]) => [`--${name}`, String(value)])
  return spawn(LOADGEN, ['--port', String(LOAD_PORT), ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
}
