import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, statSync } from 'node:fs'
import { constants as osConstants } from 'node:os'
import { delimiter, join } from 'node:path'
import { TcpconnError, messageOf } from '../../base/errors.js'
import type { User } from '../host/user-names.js'
import type { SignalRelay } from './signal-relay.js'

/** Waits for one line on descriptor 3: the probe follows the process before the command starts. */
const GATE = 'read -r _ <&3 || exit 125; exec 3<&-; exec "$@"'

/** A command that does not start until `run`. */
export interface HeldCommand {
  readonly pid: number
  run(): void
  /** Exit status as in a shell: 128 + number for a signal. */
  readonly exit: Promise<number>
}

/**
 * Starts a command with this process's user, terminal and streams, and relays signals to it.
 * @param user whose HOME, USER and LOGNAME are set; `null` keeps the environment
 * @throws E_COMMAND_NOT_STARTED
 */
export async function holdCommand(
  command: readonly string[],
  user: User | null,
  relay: SignalRelay,
): Promise<HeldCommand> {
  try {
    const child = startShell(command, user)
    relay.to(child)
    const exit = exitOf(child)
    await once(child, 'spawn')
    return { pid: child.pid as number, run: () => openGate(child), exit }
  } catch (cause) {
    throw new TcpconnError('E_COMMAND_NOT_STARTED', {
      what: `cannot start ${JSON.stringify(command[0])}`,
      reason: messageOf(cause),
      hint: 'EAGAIN and ENOMEM: a limit of this user or host is reached (ulimit -a); E2BIG: the argument list is too long',
      cause,
    })
  }
}

function startShell(command: readonly string[], user: User | null): ChildProcess {
  const env = user ? { ...process.env, HOME: user.home, USER: user.name, LOGNAME: user.name } : process.env
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...command], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env,
  })
  // After the start: signals that cannot be delivered to a command that changed its user.
  child.on('error', () => {})
  return child
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? osConstants.signals[signal] : 0)))
  })
}

function openGate(child: ChildProcess): void {
  const gate = child.stdio[3] as NodeJS.WritableStream
  // The command may have been killed before its start.
  gate.on('error', () => {})
  gate.end('\n')
}

/** @throws E_NO_COMMAND if the command is neither a path nor in PATH; the exit status is 127 or 126, as in a shell */
export function requireCommand(name: string, path = process.env.PATH ?? ''): void {
  const candidates = name.includes('/') ? [name] : path.split(delimiter).map((directory) => join(directory, name))
  const files = candidates.filter(isFile)
  if (files.some(isExecutable)) return
  throw new TcpconnError(files.length > 0 ? 'E_COMMAND_NOT_EXECUTABLE' : 'E_NO_COMMAND', {
    what: `cannot run ${JSON.stringify(name)}`,
    reason: files.length > 0 ? 'it is not executable' : name.includes('/') ? 'no such file' : 'it is not in PATH',
    hint: 'check the command after --, for example: tcpconn record -- curl https://example.org',
  })
}

/** PATH may contain directories that this user cannot search. */
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
