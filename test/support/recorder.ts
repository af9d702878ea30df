import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Finished, Running } from './process.js'
import { makeTemporaryDirectory } from './temporary-directory.js'
import { startTool, type ToolOptions } from './tool.js'
import { waitUntil } from './wait-until.js'

export interface RecordingOptions extends ToolOptions {
  readonly args?: readonly string[]
  /** Default: a new file in a directory of its own. */
  readonly file?: string
}

export interface Recording {
  readonly pid: number
  readonly file: string
  readonly finished: Promise<Finished>
  /** Ends it with Ctrl-C, and throws unless it exits with 0. Returns its stderr. */
  stop(): Promise<string>
}

/** Far longer than any test: if a test run is killed, its recorders end too. */
const LONGEST = '20m'

/** Starts `tcpconn record` and returns when the probe records attempts. */
export async function startRecording(options: RecordingOptions = {}): Promise<Recording> {
  const { args = [], file = join(makeTemporaryDirectory(), 'trace.db'), ...toolOptions } = options
  const running = startTool(['record', file, '--duration', LONGEST, ...args], toolOptions)
  await waitUntilRecording(running, (path) => path === `${file}-wal`)
  const stop = async () => {
    running.child.kill('SIGINT')
    const { status, signal, stderr } = await running.finished
    if (status !== 0) throw new Error(`record ended with ${status ?? signal}:\n${stderr}`)
    return stderr
  }
  return { pid: running.pid, file, finished: running.finished, stop }
}

/** Records while `provoke` runs. Returns the trace, the summary and the result of `provoke`. */
export async function recordWhile<T>(
  options: RecordingOptions,
  provoke: () => Promise<T>,
): Promise<{ file: string; summary: string; result: T }> {
  const recording = await startRecording(options)
  const result = await provoke()
  return { file: recording.file, summary: await recording.stop(), result }
}

/**
 * The recorder's main thread does not yield between opening the trace and its first wait for the ring. Once it has the
 * -wal of its file open and sleeps in epoll, the probe is attached, whatever the filters.
 */
export async function waitUntilRecording(running: Running, isLog: (path: string) => boolean): Promise<void> {
  let ended: Finished | undefined
  const noteEnd = (how: Finished) => {
    ended = how
  }
  running.finished.then(noteEnd, () => {})
  await waitUntil(`recorder ${running.pid}`, () => {
    if (ended) throw new Error(`record ended with ${ended.status ?? ended.signal}:\n${ended.stderr}`)
    return holdsOpen(running.pid, isLog) && sleepsInEpoll(running.pid)
  })
}

function holdsOpen(pid: number, isLog: (path: string) => boolean): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => isLog(readlinkSync(`/proc/${pid}/fd/${fd}`)))
  } catch {
    // A descriptor was closed meanwhile: the next call sees it.
    return false
  }
}

/** Numbers of epoll_wait and epoll_pwait, asm/unistd.h. */
const EPOLL: Partial<Record<string, readonly string[]>> = { x64: ['232', '281'], arm64: ['22'] }

function sleepsInEpoll(pid: number): boolean {
  const [call = ''] = readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ')
  return EPOLL[process.arch]?.includes(call) ?? false
}
