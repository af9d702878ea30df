import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { queryTrace, type ConnectRow } from '../../support/trace.js'

/** A workload that was run to its end. */
export interface Run {
  readonly name: string
  readonly pid: number
  readonly status: number
}

/** The results of a kernel: the files that test/kernels/guest/traffic.sh wrote. */
export interface Guest {
  readonly name: string
  readonly directory: string
  readonly runs: ReadonlyMap<string, Run>
  has(file: string): boolean
  text(file: string): string
  path(file: string): string
  run(name: string): Run
  /** All attempts of the workloads in this trace, sorted by start. */
  attempts(trace: string): ConnectRow[]
  attemptsOf(trace: string, run: string): ConnectRow[]
}

const ORDERED = 'SELECT * FROM connects ORDER BY started_ns'

export function openGuest(name: string, directory: string): Guest {
  const path = (file: string) => join(directory, file)
  const text = (file: string) => readFileSync(path(file), 'utf8')
  const has = (file: string) => existsSync(path(file))
  const runs = new Map((has('runs.txt') ? text('runs.txt') : '').split('\n').filter(Boolean).map(parseRun))
  const run = (wanted: string) => {
    const found = runs.get(wanted)
    if (!found) throw new Error(`${wanted} was not run`)
    return found
  }
  const pids = new Set([...runs.values()].map(({ pid }) => pid))
  const attempts = (trace: string) => queryTrace<ConnectRow>(path(trace), ORDERED).filter(({ pid }) => pids.has(pid))
  const attemptsOf = (trace: string, wanted: string) => attempts(trace).filter(({ pid }) => pid === run(wanted).pid)
  return { name, directory, runs, has, text, path, run, attempts, attemptsOf }
}

function parseRun(line: string): [string, Run] {
  const [name = '', pid, status] = line.split(' ')
  return [name, { name, pid: Number(pid), status: Number(status) }]
}
