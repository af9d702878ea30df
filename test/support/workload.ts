import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { inject } from 'vitest'
import { run, start, type ProcessOptions, type Running } from './process.js'
import { REPOSITORY } from './repository.js'

/** The output of test/workload/connect. */
export interface ConnectResult {
  pid: number
  attempts: number
  connected: number
  /** Of the last connected socket, 0 without one */
  local_port: number
  /** Number of connect(2) calls by errno */
  errnos: Record<string, number>
}

export interface WorkloadOptions extends ProcessOptions {
  /** Prefix of the command of the workload: `['ip', 'netns', 'exec', 'name']`. */
  readonly under?: readonly string[]
}

let isBuilt = false

/** Path of a program of test/workload, or of the load generator. Builds it if necessary. */
export function workloadPath(name: string): string {
  if (!isBuilt) execFileSync(join(REPOSITORY, 'script/build-workloads'))
  isBuilt = true
  return join(inject('sharedPackage'), 'build/workload', name)
}

/** Runs a workload to its end and returns its output, which is JSON. */
export async function runWorkload<Result>(name: string, args: readonly string[], options: WorkloadOptions = {}) {
  const { under = [], ...processOptions } = options
  const { stdout, stderr, status, signal } = await run([...under, workloadPath(name), ...args], processOptions)
  if (status !== 0) throw new Error(`${name} ended with ${status ?? signal}: ${stderr}${stdout}`)
  return JSON.parse(stdout) as Result
}

/** Runs test/workload/connect: `connect('127.0.0.1', 80, ['--threads', '2'])`. */
export function connect(address: string, port: number, args: readonly string[] = [], options: WorkloadOptions = {}) {
  return runWorkload<ConnectResult>('connect', [address, String(port), ...args], options)
}

/** Starts a workload in the background. */
export function startWorkload(name: string, args: readonly string[], options: WorkloadOptions = {}): Running {
  const { under = [], ...processOptions } = options
  return start([...under, workloadPath(name), ...args], processOptions)
}

/** Starts a process that connects once, after a line on stdin: its pid is known before. */
export function startLateConnect(port: number): Running {
  return startWorkload('connect', ['127.0.0.1', String(port)], { under: ['sh', '-c', 'read -r _ && exec "$0" "$@"'] })
}

/** Runs the load generator and returns the number of its attempts. */
export async function generateLoad(args: readonly string[], options: WorkloadOptions = {}) {
  const { pid, status, stdout, stderr } = await startWorkload('loadgen', args, options).finished
  const [, attempts, errors] = /^attempts=(\d+) .*errors=(\d+)$/m.exec(stdout) ?? []
  if (status !== 0 || errors !== '0') throw new Error(`loadgen ended with ${status}: ${stderr}${stdout}`)
  return { pid, attempts: Number(attempts) }
}
