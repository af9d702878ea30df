import { OUTCOMES } from '../../attempt/outcome.js'
import type { TopAttempt, TopEndpoint, TopParties, TopProcess } from '../../top/window/top-attempt.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { createStartHeap } from '../replay/start-heap.js'

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
  /** Last begin or end so far */
  readonly lastNs: number
  /** Unix time minus the time of the replay, in ns */
  readonly unixOffsetNs: bigint
}

/** @param rows in the order of their start */
export function createEndedAttempts(rows: Iterator<ConnectRow>): EndedAttempts {
  let next = rows.next()
  const zeroNs = next.done ? 0 : next.value.startedNs
  let unixOffsetNs = next.done ? 0n : next.value.unixNs
  const byEnd = createStartHeap()
  const waiting = new Map<number, ConnectRow>()
  let count = 0
  let lastNs = 0
  let endedCount = 0
  const parties = createParties()

  const begin = (row: ConnectRow) => {
    const startedNs = row.startedNs - zeroNs
    unixOffsetNs = row.unixNs - BigInt(Math.round(startedNs))
    waiting.set(count, row)
    if (row.outcome !== 'pending') byEnd.push(startedNs + (row.latencyNs ?? 0), count)
    count++
  }
  return {
    take(untilNs, limit, take) {
      let left = limit
      for (;;) {
        const startsNs = next.done ? Infinity : next.value.startedNs - zeroNs
        const endsNs = byEnd.earliestNs()
        const eventNs = Math.min(startsNs, endsNs)
        if (eventNs > untilNs || eventNs === Infinity) return untilNs
        if (left-- <= 0) return eventNs
        lastNs = eventNs
        if (startsNs <= endsNs) {
          begin((next as IteratorYieldResult<ConnectRow>).value)
          next = rows.next()
          continue
        }
        const id = byEnd.pop()
        const row = waiting.get(id) as ConnectRow
        waiting.delete(id)
        endedCount++
        take({ ...parties(row), ...resultOf(row) }, endsNs)
      }
    },
    *pending(nowNs) {
      for (const row of waiting.values()) if (row.startedNs - zeroNs <= nowNs - PENDING_AFTER_NS) yield parties(row)
    },
    get isFinished() {
      return next.done === true && byEnd.size === 0
    },
    get endedCount() {
      return endedCount
    },
    get lastNs() {
      return lastNs
    },
    get unixOffsetNs() {
      return unixOffsetNs
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
