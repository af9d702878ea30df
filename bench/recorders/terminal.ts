import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { withDirectory } from '../paths.js'

const START_MS = 30_000
const POLL_MS = 50
const exec = promisify(execFile)

export interface TerminalOptions {
  readonly columns: number
  readonly rows: number
  /** What the screen shows when the program has started */
  readonly isStarted: RegExp
}

/** A program that runs in a terminal of tmux. */
export interface TerminalProgram {
  readonly pid: number
  /** The text that the terminal shows */
  screen(): Promise<string>
  /** Sends SIGINT, and waits for its end. */
  interrupt(): Promise<void>
}

/** Runs `body` with a program in a terminal, which ends with it. */
export async function withTerminal<T>(
  command: readonly string[],
  { columns, rows, isStarted }: TerminalOptions,
  body: (program: TerminalProgram) => Promise<T>,
): Promise<T> {
  return withDirectory(async (directory) => {
    const server = ['-S', join(directory, 'socket'), '-f', '/dev/null']
    const tmux = async (...args: string[]) => (await exec('tmux', [...server, ...args])).stdout
    const size = ['-x', String(columns), '-y', String(rows)]
    try {
      await tmux('new-session', '-d', ...size, '-s', 'bench', ...command)
      const pid = Number(await tmux('display-message', '-p', '-t', 'bench', '#{pane_pid}'))
      const screen = () => tmux('capture-pane', '-p', '-t', 'bench')
      await waitFor(`${command.join(' ')} to start`, async () => isStarted.test(await screen()))
      const interrupt = async () => {
        process.kill(pid, 'SIGINT')
        await waitFor(`the end of process ${pid}`, async () => !isRunning(pid))
      }
      return await body({ pid, screen, interrupt })
    } finally {
      // It has ended if the program has.
      await tmux('kill-server').catch(() => '')
    }
  })
}

async function waitFor(what: string, isThere: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_MS; waitedMs += POLL_MS) {
    if (await isThere()) return
    await delay(POLL_MS)
  }
  throw new Error(`waited ${START_MS / 1000} s for ${what}`)
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
