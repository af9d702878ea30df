import { createAgingMap } from '../dns/aging-map.js'
import type { User } from '../host/user-names.js'
import type { ContainerFacts } from '../runtimes/container-facts.js'
import { createAddressOwners, type AddressOwners } from './address-owners.js'
import { followReaders } from './follow-readers.js'
import { startProcess } from './reader-process.js'
import { HEALTHY, type AddressReport, type ReaderAnswer, type ReaderHealth } from './reader-protocol.js'
import { createQuestions } from './reader-questions.js'
import { createReaderSupply } from './reader-supply.js'
import { createReportSilence, TICK_MS } from './report-silence.js'

/** Limit of containers whose names are kept. The oldest is forgotten. */
const MAX_KEPT = 16_384

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
  /** The state is `running` also while a process that ended is replaced. */
  health(): ReaderHealth
  close(): void
}

/** No container has a name: the files of the host are not visible. */
export const NO_CONTAINER_NAMES: ContainerNames = {
  find: () => undefined,
  owners: createAddressOwners(),
  nested: new Set(),
  settle: () => Promise.resolve(true),
  giveUp() {},
  health: () => HEALTHY,
  close() {},
}

/** Inputs of the reader. */
export interface ReaderInputs {
  /** The host's root directory; `null`: not visible, and there are no names */
  readonly root: string | null
  /** Root of the host's cgroups; `null`: not visible */
  readonly cgroups: string | null
  /** Descriptor of the ring of new cgroups */
  readonly newCgroupsFd: number
  /** User behind sudo, `null` without sudo */
  readonly user: User | null
}

/** Starts the process that reads the files of runtimes. Call before privileges are dropped. */
export function startContainerReader({ root, cgroups, newCgroupsFd, user }: ReaderInputs): ContainerNames {
  if (root === null) return NO_CONTAINER_NAMES
  const answers = createAnswers()
  const readers = followReaders({
    supply: createReaderSupply(
      (isSpare) => startProcess({ root, cgroups, newCgroupsFd, account: { user, isSpare } }),
      user === null && process.getuid?.() === 0,
    ),
    take: (answer) => ('done' in answer ? questions.answer(answer.done) : answers.take(answer)),
    // A new one is asked for everything: it has to follow the addresses of containers whose names are known, too.
    onReplaced() {
      for (const cgroup of answers.requested.values()) readers.send(cgroup)
      questions.sendAgain()
      readers.send(0)
    },
    onEnded: (isLast) => {
      answers.owners.end()
      if (isLast) questions.answerAll()
    },
  })
  const questions = createQuestions(readers.send)
  const { known, requested, owners, nested, silence } = answers
  const timer = setInterval(silence.tick, TICK_MS).unref()
  return {
    owners,
    nested,
    find(key, cgroup) {
      const facts = known.get(key)
      if (facts === undefined && requested.get(key) === undefined && readers.takesMore()) {
        requested.add(key, cgroup)
        readers.send(cgroup)
      }
      return facts
    },
    settle(limitMs) {
      readers.endPause()
      return readers.state() === 'running' ? questions.ask(limitMs) : Promise.resolve(true)
    },
    giveUp: () => readers.end('hung'),
    health: () => ({ state: readers.state(), wasSilent: silence.was, tooLarge: [...answers.tooLarge] }),
    close() {
      clearInterval(timer)
      readers.end('ended')
    },
  }
}

/** What readers have answered. */
function createAnswers() {
  const known = createKept<ContainerFacts>()
  /** Cgroups, by key */
  const requested = createKept<string>()
  const owners = createAddressOwners()
  const nested = new Set<string>()
  const tooLarge = new Set<string>()
  const silence = createReportSilence(owners)
  const takeAddresses = (report: AddressReport) => {
    silence.heard()
    owners.take(report)
    // The next reader has to follow them, too.
    for (const [, key, cgroup] of report.owned) if (requested.get(key) === undefined) requested.add(key, cgroup)
  }
  return {
    known,
    requested,
    owners,
    nested,
    tooLarge,
    silence,
    take(answer: Exclude<ReaderAnswer, { done: number }>) {
      if ('addresses' in answer) takeAddresses(answer.addresses)
      else if ('nested' in answer) nested.add(answer.nested)
      else if ('tooLarge' in answer) tooLarge.add(answer.tooLarge)
      else if (known.get(answer.key) === undefined) known.add(answer.key, answer.facts)
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
