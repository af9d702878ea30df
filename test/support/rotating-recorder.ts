import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Finished } from './process.js'
import { waitUntilRecording } from './recorder.js'
import { makeTemporaryDirectory } from './temporary-directory.js'
import { startTool, type ToolOptions } from './tool.js'
import { queryTrace } from './trace.js'

export interface RotatingOptions extends ToolOptions {
  readonly args: readonly string[]
  /** Default: a new directory. */
  readonly directory?: string
}

/** `tcpconn record DIRECTORY/trace.db --rotate …` */
export interface RotatingRecording {
  readonly pid: number
  readonly directory: string
  readonly finished: Promise<Finished>
  /** The existing traces, the oldest first. */
  files(): string[]
  /** Its stderr so far. */
  errors(): string
  /** Ends it, and throws unless it exits with 0. Returns its stderr. */
  stop(signal?: NodeJS.Signals): Promise<string>
}

/** Returns when the probe records attempts. */
export async function startRotating({ args, directory = makeTemporaryDirectory(), ...options }: RotatingOptions) {
  const running = startTool(['record', join(directory, 'trace.db'), '--duration', '20m', ...args], options)
  await waitUntilRecording(running, (path) => path.startsWith(`${directory}/trace-`) && path.endsWith('-wal'))
  const recording: RotatingRecording = {
    pid: running.pid,
    directory,
    finished: running.finished,
    files: () => listTraces(directory),
    errors: running.errors,
    async stop(signal = 'SIGTERM') {
      running.child.kill(signal)
      const { status, signal: end, stderr } = await running.finished
      if (status !== 0) throw new Error(`record ended with ${status ?? end}:\n${stderr}`)
      return stderr
    },
  }
  return recording
}

/** Traces of a rotating recording, the oldest first. */
export function listTraces(directory: string, base = 'trace'): string[] {
  const pattern = new RegExp(`^${base}-\\d{8}T\\d{6}Z(_\\d{3})?\\.db$`)
  const names = readdirSync(directory).filter((name) => pattern.test(name))
  return names.toSorted().map((name) => join(directory, name))
}

/** Rows of a query over each of the files. */
export function queryAll<Row>(files: readonly string[], sql: string, ...values: readonly unknown[]): Row[] {
  return files.flatMap((file) => queryTrace<Row>(file, sql, ...values))
}
