import { closeSync, openSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { RUN_MEASURED } from './paths.js'

/** Time for a tool to write its last events and to end. */
const STOP_MS = 60_000

/** The cost of a process and its children, from first to last instruction. */
export interface Usage {
  readonly elapsedMs: number
  readonly cpuMs: number
  /** Maximum resident memory of one of them. */
  readonly peakBytes: number
}

/** A process whose cost is measured. */
export interface MeasuredProcess {
  readonly pid: number
  readonly startedUnixNs: bigint
  /** Rejects with the stderr of the process if it fails. */
  readonly ended: Promise<Usage>
  /** Sends SIGINT, like Ctrl-C. */
  interrupt(): Promise<Usage>
  /** Ends it at once, without a report. */
  stop(): void
}

interface StartReport {
  readonly pid: number
  readonly started_unix_ns: string
}

interface EndReport {
  readonly status: number
  readonly elapsed_us: number
  readonly cpu_us: number
  readonly peak_kib: number
}

export interface MeasuredOptions {
  /** Name of the process in errors; default: its command */
  readonly name?: string
  /** Variables of its environment, in addition to those of this process */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** File for the standard output; without it, the output is dropped */
  readonly stdout?: string | undefined
}

export async function startMeasured(
  command: readonly string[],
  { name = command.join(' '), env = {}, stdout = '/dev/null' }: MeasuredOptions = {},
): Promise<MeasuredProcess> {
  const fd = openSync(stdout, 'w')
  const child = spawn(RUN_MEASURED, command, { stdio: ['ignore', fd, 'pipe', 'pipe'], env: { ...process.env, ...env } })
  closeSync(fd)
  const stderr = text(child.stderr as Readable)
  const lines = createInterface(child.stdio[3] as Readable)[Symbol.asyncIterator]()
  const next = async <T>() => JSON.parse((await lines.next()).value ?? 'null') as T | null
  const start = await next<StartReport>()
  if (!start) throw new Error(`cannot run ${command[0]}: ${await stderr}`)
  const ended = next<EndReport>().then((end) => readUsage(command, end, stderr))
  // The caller may await it later: until then, a rejection is not unhandled.
  ended.catch(() => {})
  return {
    pid: start.pid,
    startedUnixNs: BigInt(start.started_unix_ns),
    ended,
    interrupt: () => interrupt(child, { name, pid: start.pid, ended }),
    stop: () => void child.kill(),
  }
}

interface Interrupted {
  readonly name: string
  readonly pid: number
  readonly ended: Promise<Usage>
}

async function interrupt(child: ChildProcess, { name, pid, ended }: Interrupted): Promise<Usage> {
  if (child.exitCode === null) process.kill(pid, 'SIGINT')
  const timer = new AbortController()
  const late = delay(STOP_MS, null, { signal: timer.signal }).then(() => {
    process.kill(pid, 'SIGKILL')
    throw new Error(`${name} (process ${pid}) did not end ${STOP_MS / 1000} s after SIGINT`)
  })
  late.catch(() => {})
  return Promise.race([ended, late]).finally(() => timer.abort())
}

/** A tool that dies from the SIGINT that ends it has not failed. */
async function readUsage(command: readonly string[], end: EndReport | null, stderr: Promise<string>): Promise<Usage> {
  if (!end || (end.status !== 0 && end.status !== 2)) {
    throw new Error(`${command.join(' ')} failed (wait status ${end?.status}): ${await stderr}`)
  }
  return { elapsedMs: end.elapsed_us / 1000, cpuMs: end.cpu_us / 1000, peakBytes: end.peak_kib * 1024 }
}
