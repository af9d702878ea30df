import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { CLI } from '../paths.js'

/** Processes that push a directory each, and go on. */
export interface Pushers {
  /** Ends one with SIGKILL and starts it again. */
  restart(number: number): Promise<void>
  /** Rejects if one ends by itself. */
  readonly failed: Promise<never>
  /** Ends all of them. */
  stop(): Promise<void>
  /** Maximum resident memory of one of them so far */
  peakBytes(): number
}

/** @param options of `push` that name the server */
export function startPushers(directories: readonly string[], options: readonly string[]): Pushers {
  let peakBytes = 0
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => (fail = reject))
  failed.catch(() => {})
  const expected = new WeakSet<ChildProcess>()
  const start = (directory: string) => {
    const args = [CLI, 'push', directory, '--follow', '--interval', '1s', ...options]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const errors = text(child.stderr as Readable)
    child.once('exit', (code) => {
      if (expected.has(child)) return
      void errors.then((said) => fail(new Error(`push of ${directory} ended by itself with status ${code}: ${said}`)))
    })
    return child
  }
  const notePeak = (child: ChildProcess) => (peakBytes = Math.max(peakBytes, peakOf(child)))
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    notePeak(child)
    expected.add(child)
    const isGone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await isGone
  }
  const children = directories.map(start)
  return {
    failed,
    async restart(number) {
      await end(children[number] as ChildProcess, 'SIGKILL')
      children[number] = start(directories[number] as string)
    },
    stop: async () => void (await Promise.all(children.map((child) => end(child, 'SIGTERM')))),
    peakBytes() {
      for (const child of children) notePeak(child)
      return peakBytes
    },
  }
}

/** proc_pid_status(5); 0 for a process that is gone */
function peakOf({ pid }: ChildProcess): number {
  try {
    return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
