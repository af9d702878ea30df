import { accessSync, constants, closeSync, openSync, statSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { constants as osConstants } from 'node:os'
import { delimiter, join } from 'node:path'
import { TcpconnError } from '../../errors.js'
import type { User } from '../host/user-names.js'

/** Waits for one line on descriptor 3, so that the probe follows the process before the command begins. */
const GATE = 'read -r _ <&3 || exit 125; exec 3<&-; exec "$@"'
const PASSED_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const
/** What a terminal sends to its whole foreground process group, the command included. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT']

/** A command that is held until `run`. */
export interface HeldCommand {
  readonly pid: number
  run(): void
  /** The exit status as a shell gives it: 128 + number for a signal. */
  readonly exit: Promise<number>
}

/**
 * Starts a command with this process's own user, terminal and streams, and passes signals on to it.
 * @param user whose HOME, USER and LOGNAME it gets; `null` leaves the environment alone
 */
export function holdCommand(command: readonly string[], user: User | null): HeldCommand {
  const env = user ? { ...process.env, HOME: user.home, USER: user.name, LOGNAME: user.name } : process.env
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...command], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env,
  })
  const stopPassing = passSignals(child)
  const exit = new Promise<number>((resolve) => {
    child.on('exit', (code, signal) => {
      stopPassing()
      resolve(code ?? 128 + (signal ? osConstants.signals[signal] : 0))
    })
  })
  const gate = child.stdio[3] as NodeJS.WritableStream
  return { pid: child.pid as number, run: () => void gate.end('\n'), exit }
}

/** @throws E_NO_COMMAND when the command is neither a path nor in PATH, with the shell's exit status 127 or 126 */
export function requireCommand(name: string, path = process.env.PATH ?? ''): void {
  const candidates = name.includes('/') ? [name] : path.split(delimiter).map((directory) => join(directory, name))
  const files = candidates.filter(isFile)
  if (files.some(isExecutable)) return
  throw new TcpconnError(files.length > 0 ? 'E_COMMAND_NOT_EXECUTABLE' : 'E_NO_COMMAND', {
    what: `cannot run ${JSON.stringify(name)}`,
    reason:
      files.length > 0 ? 'it is not executable' : name.includes('/') ? 'there is no such file' : 'it is not in PATH',
    hint: 'check the command after --, for example: tcpconn record -- curl https://example.org',
  })
}

/** PATH may name directories that this user may not search. */
function isFile(file: string): boolean {
  try {
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @returns a function that ends it */
function passSignals(child: ChildProcess): () => void {
  const terminal = hasTerminal()
  const handlers = PASSED_ON.map((signal) => {
    const handler = () => void (terminal && FROM_TERMINAL.includes(signal) ? 0 : child.kill(signal))
    process.on(signal, handler)
    return () => process.off(signal, handler)
  })
  return () => handlers.forEach((remove) => remove())
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
