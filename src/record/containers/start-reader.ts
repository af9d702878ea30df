import { createAgingMap } from '../dns/aging-map.js'
import type { User } from '../host/user-names.js'
import { safeLine } from '../../text/safe-text.js'
import type { ContainerFacts } from '../runtimes/container-facts.js'
import { createAddressOwners, type AddressOwners } from './address-owners.js'
import { killProcess, readLines, startProcess, type ReaderProcess } from './reader-process.js'
import { createReaderSupply } from './reader-supply.js'
import type { AddressReport, ReaderAnswer, ReaderRequest, ReaderState } from './reader-protocol.js'
import { createQuestions } from './reader-questions.js'

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
  /** Whose addresses they are */
  readonly owners: AddressOwners
  /** Keys of containers in which others run, in the order in which they were found */
  readonly nested: ReadonlySet<string>
  /**
   * Waits until everything requested and everything that the kernel reported is answered.
   * @returns whether it is answered, or will not be because the reader has ended; `false` after `limitMs`
   */
  settle(limitMs: number): Promise<boolean>
  /** Ends the process that reads names, because it does not answer. */
  giveUp(): void
  /** `running` also while a process that ended is replaced */
  state(): ReaderState
  close(): void
}

/** No container has a name: the files of the host are not visible. */
export const NO_CONTAINER_NAMES: ContainerNames = {
  find: () => undefined,
  owners: createAddressOwners(),
  nested: new Set(),
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
  const staysRoot = user === null && process.getuid?.() === 0
  const supply = createReaderSupply(
    (isSpare) => startProcess({ root, newCgroupsFd, account: { user, isSpare } }),
    staysRoot,
  )
  const known = createKept<ContainerFacts>()
  /** Cgroups, by key */
  const requested = createKept<string>()
  const owners = createAddressOwners()
  const nested = new Set<string>()
  let state: ReaderState = 'running'
  let reader: ReaderProcess | null = null
  let restart: NodeJS.Timeout | null = null
  const send = (request: ReaderRequest) => void reader?.stdin.write(`${JSON.stringify(request)}\n`)
  /** Whether the reader keeps up: if it hangs, requests would fill the memory. */
  const takesMore = () => reader !== null && reader.stdin.writableLength < MAX_UNSENT_BYTES
  const questions = createQuestions(send)
  const takeAddresses = (report: AddressReport) => {
    owners.take(report)
    // The next reader has to follow them, too.
    for (const [, key, cgroup] of report.owned) if (requested.get(key) === undefined) requested.add(key, cgroup)
  }
  const take = (answer: ReaderAnswer) => {
    if ('done' in answer) questions.answer(answer.done)
    else if ('addresses' in answer) takeAddresses(answer.addresses)
    else if ('nested' in answer) nested.add(answer.nested)
    else if (known.get(answer.key) === undefined) known.add(answer.key, answer.facts)
  }
  const begin = (started: ReaderProcess) => {
    reader = started
    readLines(started.stdout, (line) => take(JSON.parse(line) as ReaderAnswer))
    readLines(started.stderr, (line) => {
      if (state !== 'hung' && /Error\b/.test(line)) {
        process.stderr.write(`note: the process that reads names of containers: ${safeLine(line)}\n`)
      }
    })
    const leave = () => {
      if (reader !== started) return
      reader = null
      owners.end()
      if (state === 'running') replace()
    }
    started.process.on('exit', leave).on('error', leave)
    // A spare may have ended before.
    if (started.process.exitCode !== null || started.process.signalCode !== null) leave()
  }
  /** Asks a new one for everything: it has to follow the addresses of containers whose names are known. */
  const resume = () => {
    for (const cgroup of requested.values()) send(cgroup)
    questions.sendAgain()
    send(0)
  }
  const startNext = () => {
    restart = null
    const started = supply.take()
    if (started === null) return replace()
    begin(started)
    resume()
  }
  const replace = () => {
    const pauseMs = supply.pauseMs()
    if (pauseMs === null) {
      state = 'ended'
      return questions.answerAll()
    }
    restart = setTimeout(startNext, pauseMs)
    restart.unref()
  }
  /** Whoever waits for names does not wait for the pause. */
  const endPause = () => {
    if (restart === null) return
    clearTimeout(restart)
    startNext()
  }
  const first = supply.take()
  if (first === null) return { ...NO_CONTAINER_NAMES, state: () => 'ended' }
  begin(first)
  const close = () => {
    if (restart !== null) clearTimeout(restart)
    if (reader !== null) killProcess(reader)
    supply.close()
  }
  return {
    owners,
    nested,
    find(key, cgroup) {
      const facts = known.get(key)
      if (facts === undefined && requested.get(key) === undefined && takesMore()) {
        requested.add(key, cgroup)
        send(cgroup)
      }
      return facts
    },
    settle(limitMs) {
      endPause()
      return state === 'running' ? questions.ask(limitMs) : Promise.resolve(true)
    },
    giveUp() {
      if (state === 'running') state = 'hung'
      close()
    },
    state: () => state,
    close() {
      if (state === 'running') state = 'ended'
      close()
    },
  }
}

/** The newest entries, up to the limit. */
function createKept<Value>() {
  const entries = createAgingMap<string, Value>()
  return {
    get: entries.get,
    *values() {
      for (const [, value] of entries.entries()) yield value
    },
    add(key: string, value: Value) {
      entries.put(key, value)
      if (entries.size > MAX_KEPT) entries.takeOldest()
    },
  }
}
