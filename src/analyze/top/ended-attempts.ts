import { OUTCOMES } from '../../attempt/outcome.js'
import type { TopAttempt, TopEndpoint, TopParties, TopProcess } from '../../top/window/top-attempt.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { createStartHeap } from '../replay/start-heap.js'
import { createWaitingAttempts } from './waiting-attempts.js'

const PENDING_AFTER_NS = 200e6
/** Processes and endpoints kept as objects. */
const MAX_KEPT = 65_536

/** The attempts of a trace in the order of their ends. Times are ns since the first one began. */
export interface EndedAttempts {
  /**
   * Calls `take` with the attempts that end by `untilNs`, at most about `limit`.
   * @returns the time up to which all were taken: `untilNs`, or less if the limit was reached
   */
  take(untilNs: number, limit: number, take: (attempt: TopAttempt, endedNs: number) => void): number
  /** Attempts that have begun 200 ms before `nowNs` and not ended. Call after `take`. */
  pending(nowNs: number): Iterable<TopParties>
  /** Whether all attempts have ended that ever do. */
  readonly isFinished: boolean
  /** Attempts that have ended so far */
  readonly endedCount: number
  /** Attempts that were left out because too many waited at the same time */
  readonly missingCount: number
  /** Last begin or end so far */
  readonly lastNs: number
  /** Next begin or end; Infinity after the last one */
  readonly nextNs: number
  /** Unix time minus the time of the replay, in ns */
  readonly unixOffsetNs: bigint
}

/**
 * @param sessions their rows, in the order of their start
 * @param maxWaiting limit of attempts that wait at the same time
 */
export function createEndedAttempts(sessions: Iterable<Iterable<ConnectRow>>, maxWaiting?: number): EndedAttempts {
  const rows = createRows(sessions)
  const zeroNs = rows.next?.startedNs ?? 0
  let unixOffsetNs = rows.next?.unixNs ?? 0n
  const byEnd = createStartHeap()
  const waiting = createWaitingAttempts(maxWaiting)
  let lastNs = 0
  let endedCount = 0
  const parties = createParties()

  const startsNs = () => (rows.next === null ? Infinity : rows.next.startedNs - zeroNs)
  const nextNs = () => Math.min(startsNs(), byEnd.earliestNs())
  const begin = (row: ConnectRow) => {
    const startedNs = row.startedNs - zeroNs
    unixOffsetNs = row.unixNs - BigInt(Math.round(startedNs))
    // What waited at the end of a session waits no longer in the next one.
    if (rows.isNewSession) waiting.dropEndless()
    const isEndless = row.outcome === 'pending'
    const slot = waiting.add({ ...parties(row), ...resultOf(row) }, startedNs, isEndless)
    if (slot !== null && !isEndless) byEnd.push(startedNs + (row.latencyNs ?? 0), slot)
  }
  return {
    take(untilNs, limit, take) {
      let left = limit
      for (;;) {
        const eventNs = nextNs()
        if (eventNs > untilNs || eventNs === Infinity) return untilNs
        if (left-- <= 0) return eventNs
        lastNs = eventNs
        if (startsNs() === eventNs) {
          begin(rows.next as ConnectRow)
          rows.moveOn()
          continue
        }
        endedCount++
        take(waiting.take(byEnd.pop()), eventNs)
      }
    },
    pending: (nowNs) => waiting.startedBy(nowNs - PENDING_AFTER_NS),
    get isFinished() {
      return rows.next === null && byEnd.size === 0
    },
    get endedCount() {
      return endedCount
    },
    get missingCount() {
      return waiting.missingCount
    },
    get lastNs() {
      return lastNs
    },
    get nextNs() {
      return nextNs()
    },
    get unixOffsetNs() {
      return unixOffsetNs
    },
  }
}

/** The rows of sessions, one after the other. */
function createRows(sessions: Iterable<Iterable<ConnectRow>>) {
  let session = 0
  const rows = (function* () {
    for (const ofSession of sessions) {
      session++
      yield* ofSession
    }
  })()
  let last = 0
  let next = rows.next()
  return {
    /** `null` after the last one */
    get next(): ConnectRow | null {
      return next.done ? null : next.value
    },
    /** Whether it is the first one of its session */
    get isNewSession() {
      return session !== last
    },
    moveOn() {
      last = session
      next = rows.next()
    },
  }
}

function resultOf({
  unixNs,
  latencyNs,
  outcome,
  errno,
  synRetransmits,
}: ConnectRow): Omit<TopAttempt, keyof TopParties> {
  return {
    unixNs: Number(unixNs),
    latencyNs,
    outcome: OUTCOMES.indexOf(outcome),
    errno: errno ?? 0,
    synRetransmits: synRetransmits ?? 0,
  }
}

/** The same objects for the same process and endpoint. */
function createParties(): (row: ConnectRow) => TopParties {
  const processes = new Map<string, TopProcess>()
  const endpoints = new Map<string, TopEndpoint>()
  const find = <T>(kept: Map<string, T>, key: string, make: () => T): T => {
    const known = kept.get(key)
    if (known !== undefined) return known
    if (kept.size >= MAX_KEPT) kept.clear()
    const value = make()
    kept.set(key, value)
    return value
  }
  const readProcess = (row: ConnectRow): TopProcess => {
    const { pid, processStartNs, comm, uid, user } = row
    const { container, containerName, containerImage, podName, podNamespace } = row
    return { pid, processStartNs, comm, uid, user, container, containerName, containerImage, podName, podNamespace }
  }
  const keyOf = ({ pid, processStartNs, uid, user, cgroup, comm }: ConnectRow) =>
    [pid, processStartNs, uid, user, cgroup, comm].join('\0')
  const findEndpoint = ({ remoteAddress, remotePort }: ConnectRow) =>
    find(endpoints, `${remoteAddress} ${remotePort}`, () => ({ remoteAddress, remotePort }))
  return (row) => ({
    process: find(processes, keyOf(row), () => readProcess(row)),
    endpoint: findEndpoint(row),
    dnsName: row.dnsName,
  })
}
