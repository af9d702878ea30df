import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { makeTemporaryDirectory } from './temporary-directory.js'
import { toolCommand } from './tool.js'
import { waitUntil } from './wait-until.js'

const exec = promisify(execFile)

/** A shell in a terminal of tmux, with a server of its own. */
export interface Terminal {
  /** Types text. */
  type(text: string): Promise<void>
  /** Presses keys by their names in tmux: `Enter`, `C-c`, `Down`. */
  press(...keys: string[]): Promise<void>
  /** The lines that the terminal shows. */
  screen(): Promise<string[]>
  /** Waits until its text matches, and returns the screen. */
  waitFor(pattern: RegExp): Promise<string>
  resize(columns: number, rows: number): Promise<void>
  /** A format of tmux, as `#{alternate_on}` */
  ask(format: string): Promise<string>
  /** Settings of the terminal line, as `stty -a` prints them, read by a command of the shell. */
  settings(): Promise<string>
  /** Runs a command of the tool in the shell, and prints its status when it ends. */
  run(args: readonly string[], env?: string): Promise<void>
}

export async function startTerminal(columns = 100, rows = 24): Promise<Terminal> {
  const directory = makeTemporaryDirectory()
  const tmux = async (...args: string[]) => {
    const { stdout } = await exec('tmux', ['-S', join(directory, 'socket'), '-f', '/dev/null', ...args])
    return stdout
  }
  const shell = [
    '-x',
    `${columns}`,
    '-y',
    `${rows}`,
    '-s',
    'test',
    'env',
    '-u',
    'NO_COLOR',
    'PS1=$ ',
    'bash',
    '--norc',
    '--noprofile',
  ]
  await tmux('new-session', '-d', ...shell)
  onTestFinished(async () => void (await tmux('kill-server').catch(() => '')))
  const screen = async () => (await tmux('capture-pane', '-p', '-t', 'test')).split('\n').slice(0, -1)
  let asked = 0
  const type = async (text: string) => void (await tmux('send-keys', '-t', 'test', '-l', text))
  const press = async (...keys: string[]) => void (await tmux('send-keys', '-t', 'test', ...keys))
  const terminal: Terminal = {
    type,
    press,
    screen,
    async waitFor(pattern) {
      let text = ''
      const isShown = async () => pattern.test((text = (await screen()).join('\n')))
      await waitUntil(`${pattern} on the screen`, isShown, { everyMs: 50 }).catch((cause: unknown) => {
        throw new Error(`still no ${pattern} on:\n${text}`, { cause })
      })
      return text
    },
    resize: async (width, height) =>
      void (await tmux('resize-window', '-t', 'test', '-x', `${width}`, '-y', `${height}`)),
    ask: async (format) => (await tmux('display-message', '-p', '-t', 'test', format)).trim(),
    async settings() {
      const file = join(directory, `stty-${asked++}`)
      await type(`stty -a >${file}.new; mv ${file}.new ${file}`)
      await press('Enter')
      return waitUntil('the settings', () => read(file))
    },
    async run(args, env = '') {
      await type(`clear; ${env} ${toolCommand(args).map(quote).join(' ')}; echo "ended with $?"`)
      await press('Enter')
    },
  }
  await terminal.waitFor(/\$/)
  return terminal
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
