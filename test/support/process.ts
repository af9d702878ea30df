import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { waitUntil } from './wait-until.js'

export interface ProcessOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
}

/** How a process ended, and all of its output. */
export interface Finished {
  readonly pid: number
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly finished: Promise<Finished>
  /** Its stdout so far. */
  output(): string
  /** Its stderr so far. */
  errors(): string
}

/** Starts a process that ends with the test at the latest. */
export function start(command: readonly string[], options: ProcessOptions = {}): Running {
  const [program = '', ...args] = command
  const child = spawn(program, args, { ...options, env: { ...process.env, ...options.env }, stdio: 'pipe' })
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => (text[stream] += chunk))
  }
  // A child that ends early closes its stdin; a writer sees its end in `finished`.
  child.stdin.on('error', () => {})
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ pid: child.pid ?? -1, status, signal, ...text }))
  })
  finished.catch(() => {})
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await finished.catch(() => {})
  })
  return { pid: child.pid ?? -1, child, finished, output: () => text.stdout, errors: () => text.stderr }
}

/** Runs a process to its end. */
export function run(command: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  const { child, finished } = start(command, options)
  child.stdin.end()
  return finished
}

/** The first output of the process: mostly that it is ready. Throws if the process ends without output. */
export async function firstOutput({ finished, output }: Running): Promise<string> {
  let ended: Finished | undefined
  const noteEnd = (how: Finished) => {
    ended = how
  }
  finished.then(noteEnd, () => {})
  return waitUntil('output of a process', () => {
    if (output()) return output()
    if (ended) throw new Error(`it ended with ${ended.status ?? ended.signal}: ${ended.stderr}`)
    return null
  })
}
