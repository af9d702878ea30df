import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { nodeProgram } from '../../base/node-program.js'
import { PACKAGE_ROOT } from '../../base/package.js'
import type { ReaderAccount } from './reader-protocol.js'

const PROGRAM = join(PACKAGE_ROOT, 'dist/container-reader.js')
/** uapi/asm-generic/fcntl.h; Node.js does not define it. */
const O_PATH = 0o10000000

/** A process of container-reader.ts. */
export interface ReaderProcess {
  readonly process: ChildProcess
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
}

/** What a reader gets. */
export interface ReaderParts {
  /** The host's root directory */
  readonly root: string
  /** Root of the host's cgroups; `null`: not visible */
  readonly cgroups: string | null
  /** Descriptor of the ring of new cgroups */
  readonly newCgroupsFd: number
  readonly account: Omit<ReaderAccount, 'hasCgroups'>
}

/** Without the environment: NODE_OPTIONS could load code. @returns `null` if it cannot be started */
export function startProcess({ root, cgroups, newCgroupsFd, account }: ReaderParts): ReaderProcess | null {
  const { file, args } = nodeProgram()
  const directories: number[] = []
  try {
    for (const path of cgroups === null ? [root] : [root, cgroups]) {
      directories.push(openSync(`${path}/.`, O_PATH | constants.O_DIRECTORY))
    }
    const argument: ReaderAccount = { ...account, hasCgroups: cgroups !== null }
    const child = spawn(file, [...args, '--max-old-space-size=64', PROGRAM, JSON.stringify(argument)], {
      // Not /dev/null, which a bare root directory lacks.
      stdio: ['pipe', 'pipe', 'pipe', newCgroupsFd, ...directories],
      env: { UV_USE_IO_URING: '0' },
      cwd: '/',
    })
    // Typed as null because of the other descriptors.
    const [stdin, stdout, stderr] = [child.stdin as Writable, child.stdout as Readable, child.stderr as Readable]
    // It may end at any time: names are then missing, nothing else.
    for (const emitter of [child, stdin, stdout, stderr]) (emitter as NodeJS.EventEmitter).on('error', () => {})
    child.unref()
    for (const stream of [stdin, stdout, stderr]) (stream as unknown as { unref(): void }).unref()
    return { process: child, stdin, stdout, stderr }
  } catch {
    return null
  } finally {
    directories.forEach((fd) => closeSync(fd))
  }
}

/** Calls `take` with each complete line. */
export function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(take)
  })
}

/** It has nothing to save, and in a file system that hangs it would outlive the recorder. */
export function killProcess({ process: child, stdin, stdout, stderr }: ReaderProcess): void {
  child.kill('SIGKILL')
  for (const stream of [stdin, stdout, stderr]) stream.destroy()
}
