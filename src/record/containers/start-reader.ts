import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { nodeProgram } from '../../base/node-program.js'
import { PACKAGE_ROOT } from '../../base/package.js'
import { createAgingMap } from '../dns/aging-map.js'
import type { User } from '../host/user-names.js'
import { safeLine } from '../../text/safe-text.js'
import type { ContainerFacts } from '../runtimes/container-facts.js'
import type { ReaderAnswer, ReaderRequest, ReaderState } from './reader-protocol.js'

const PROGRAM = join(PACKAGE_ROOT, 'dist/container-reader.js')
/** uapi/asm-generic/fcntl.h; Node.js does not define it. */
const O_PATH = 0o10000000
/** Limit of containers whose names are kept. The oldest is forgotten. */
const MAX_KEPT = 16_384
/** Limit of requests that the reader has not received. Later containers are requested again. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024

/** Names of containers, as their runtimes' files tell them. */
export interface ContainerNames {
  /**
   * What is known of a container by now; the first call for a container requests the rest. It never changes: a container
   * that is renamed keeps its first name.
   * @param key `containerKey` of the container of this cgroup
   */
  find(key: string, cgroup: string): ContainerFacts | undefined
  /**
   * Waits until everything requested and everything that the kernel reported is answered.
   * @returns whether it is answered, or will not be because the reader has ended; `false` after `limitMs`
   */
  settle(limitMs: number): Promise<boolean>
  /** Ends the process that reads names, because it does not answer. */
  giveUp(): void
  state(): ReaderState
  close(): void
}

/** No container has a name: the files of the host are not visible. */
export const NO_CONTAINER_NAMES: ContainerNames = {
  find: () => undefined,
  settle: () => Promise.resolve(true),
  giveUp() {},
  state: () => 'running',
  close() {},
}

/** Inputs of the reader. */
export interface ReaderInputs {
  /** The host's root directory; `null`: not visible, and there are no names */
  readonly root: string | null
  /** Descriptor of the ring of new cgroups */
  readonly newCgroupsFd: number
  /** User behind sudo, `null` without sudo */
  readonly user: User | null
}

/** Starts the process that reads the files of runtimes. Call before privileges are dropped. */
export function startContainerReader({ root, newCgroupsFd, user }: ReaderInputs): ContainerNames {
  if (root === null) return NO_CONTAINER_NAMES
  const reader = startProcess(root, newCgroupsFd, user)
  if (reader === null) return { ...NO_CONTAINER_NAMES, state: () => 'ended' }
  const known = createKept<ContainerFacts>()
  const requested = createKept<true>()
  let state: ReaderState = 'running'
  const send = (request: ReaderRequest) => void reader.stdin.write(`${JSON.stringify(request)}\n`)
  /** Whether the reader keeps up: if it hangs, requests would fill the memory. */
  const takesMore = () => reader.stdin.writableLength < MAX_UNSENT_BYTES
  const questions = createQuestions(send)
  readLines(reader.stdout, (line) => {
    const answer = JSON.parse(line) as ReaderAnswer
    if ('done' in answer) questions.answer(answer.done)
    else if (known.get(answer.key) === undefined) known.add(answer.key, answer.facts)
  })
  const leave = () => {
    if (state === 'running') state = 'ended'
    questions.answerAll()
  }
  readLines(reader.stderr, (line) => {
    if (state !== 'hung' && /Error\b/.test(line)) {
      process.stderr.write(`note: the process that reads names of containers: ${safeLine(line)}\n`)
    }
  })
  // It has nothing to save, and in a file system that hangs it would outlive the recorder.
  const kill = () => {
    reader.process.kill('SIGKILL')
    for (const stream of [reader.stdin, reader.stdout, reader.stderr]) stream.destroy()
  }
  reader.process.on('exit', leave).on('error', leave)
  return {
    find(key, cgroup) {
      const facts = known.get(key)
      if (facts === undefined && requested.get(key) === undefined && takesMore()) {
        requested.add(key, true)
        send(cgroup)
      }
      return facts
    },
    settle: (limitMs) => (state === 'running' ? questions.ask(limitMs) : Promise.resolve(true)),
    giveUp() {
      if (state === 'running') state = 'hung'
      kill()
    },
    state: () => state,
    close: kill,
  }
}

/** Numbers that the reader returns after all earlier answers. */
function createQuestions(send: (number: number) => void) {
  const open = new Map<number, () => void>()
  let lastNumber = 0
  const answer = (number: number) => {
    open.get(number)?.()
    open.delete(number)
  }
  return {
    answer,
    answerAll: () => [...open.keys()].forEach(answer),
    /** @returns whether it is answered; `false` after the limit */
    ask: (limitMs: number) =>
      new Promise<boolean>((resolve) => {
        const number = ++lastNumber
        const timer = setTimeout(() => {
          open.delete(number)
          resolve(false)
        }, limitMs)
        open.set(number, () => {
          clearTimeout(timer)
          resolve(true)
        })
        send(number)
      }),
  }
}

/** The newest entries, up to the limit. */
function createKept<Value>() {
  const entries = createAgingMap<string, Value>()
  return {
    get: entries.get,
    add(key: string, value: Value) {
      entries.put(key, value)
      if (entries.size > MAX_KEPT) entries.takeOldest()
    },
  }
}

interface ReaderProcess {
  readonly process: ChildProcess
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
}

/** Without the environment: NODE_OPTIONS could load code. @returns `null` if it cannot be started */
function startProcess(root: string, ringFd: number, user: User | null): ReaderProcess | null {
  const { file, args } = nodeProgram()
  let rootFd = -1
  try {
    rootFd = openSync(`${root}/.`, O_PATH | constants.O_DIRECTORY)
    const child = spawn(file, [...args, '--max-old-space-size=64', PROGRAM, JSON.stringify(user)], {
      // Not /dev/null, which a bare root directory lacks.
      stdio: ['pipe', 'pipe', 'pipe', ringFd, rootFd],
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
    if (rootFd >= 0) closeSync(rootFd)
  }
}

function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(take)
  })
}
