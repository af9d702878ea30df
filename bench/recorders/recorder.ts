import { spawnSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Load } from '../run-load.js'
import { startMeasured, type MeasuredProcess } from '../run-measured.js'

const ATTACH_MS = 20_000
const POLL_MS = 20
/** Time from the attached probe to the end of the start, for every tool. */
const SETTLE_MS = 1000

/** A tool that records connects into a file. */
export interface Recorder {
  readonly name: string
  /** Arguments of a recording into `output`. */
  command(output: string): string[]
  /** Variables of its environment, in addition to those of the benchmark */
  readonly env?: Readonly<Record<string, string>>
  /** Whether the tool prints its records, so that its standard output is the recording. */
  readonly usesStdout: boolean
  /** The descriptor, as in /proc/PID/fd, that exists once the tool is attached. */
  readonly attachment: RegExp
  /** Number of attempts of the load in `output`, by outcome if the tool records outcomes. */
  count(output: string, mode: Load['mode']): number
}

/** Starts a recording and returns when the tool records. */
export async function startRecorder(recorder: Recorder, output: string): Promise<MeasuredProcess> {
  const { name, env } = recorder
  const tool = await startMeasured(recorder.command(output), {
    name,
    env,
    stdout: recorder.usesStdout ? output : undefined,
  })
  await Promise.race([waitForDescriptor(recorder, tool.pid), tool.ended])
  await delay(SETTLE_MS)
  return tool
}

async function waitForDescriptor({ name, attachment }: Recorder, pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < ATTACH_MS; waitedMs += POLL_MS) {
    if (descriptorsOf(pid).some((descriptor) => attachment.test(descriptor))) return
    await delay(POLL_MS)
  }
  throw new Error(`${name} (process ${pid}) has not attached within ${ATTACH_MS / 1000} s`)
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
  } catch {
    // Descriptors appear and disappear while they are listed.
    return []
  }
}

/** Lines of a tool's output that match an extended regular expression. */
export function countLines(path: string, pattern: string): number {
  return Number(spawnSync('grep', ['-cE', pattern, path], { encoding: 'utf8' }).stdout)
}
