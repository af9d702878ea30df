import type { TopAttempt, TopEndpoint, TopParties, TopProcess } from '../../top/window/top-attempt.js'

/**
 * Limit of attempts that wait at the same time, 16 MB. The probe follows fewer: 65,536 in its table, and 131,072 that do not fit
 * into it.
 */
export const MAX_WAITING = 1 << 18

/** Attempts that have begun and not ended, as columns. A slot is the index of one of them. */
export interface WaitingAttempts {
  /**
   * Adds the attempt that began last.
   * @param isEndless whether the trace does not have its end
   * @returns its slot; `null` if there is no room
   */
  add(attempt: TopAttempt, startedNs: number, isEndless: boolean): number | null
  /** Removes an attempt and returns it. */
  take(slot: number): TopAttempt
  /** Removes those without an end. */
  dropEndless(): void
  /** Those that began by `untilNs` */
  startedBy(untilNs: number): Iterable<TopParties>
  /** Attempts for which there was no room */
  readonly missingCount: number
}

/**
 * If there is no room, an attempt without an end makes room: it only counts as pending.
 * @param limit of attempts
 */
export function createWaitingAttempts(limit = MAX_WAITING): WaitingAttempts {
  const columns = createColumns(limit)
  const { ending, endless, before, after } = createLists(limit)
  const free: number[] = []
  /** Slots that have been used at some time */
  let length = 0
  let missingCount = 0

  const remove = (slot: number) => {
    const [previous, next] = [before[slot] as number, after[slot] as number]
    after[previous] = next
    before[next] = previous
    columns.clear(slot)
    free.push(slot)
  }
  const append = (list: number, slot: number) => {
    const last = before[list] as number
    after[last] = slot
    before[slot] = last
    after[slot] = list
    before[list] = slot
  }
  const findSlot = (): number | null => {
    if (free.length === 0 && length < limit) return length++
    if (free.length === 0) {
      missingCount++
      const oldest = after[endless] as number
      if (oldest !== endless) remove(oldest)
    }
    return free.pop() ?? null
  }
  return {
    add(attempt, startedNs, isEndless) {
      const slot = findSlot()
      if (slot === null) return null
      columns.set(slot, attempt, startedNs)
      append(isEndless ? endless : ending, slot)
      return slot
    },
    take(slot) {
      const attempt = columns.get(slot)
      remove(slot)
      return attempt
    },
    dropEndless() {
      while (after[endless] !== endless) remove(after[endless] as number)
    },
    *startedBy(untilNs) {
      for (const list of [ending, endless]) {
        // In the order of their start
        for (let slot = after[list] as number; slot !== list; slot = after[slot] as number) {
          if ((columns.startedNs[slot] as number) > untilNs) break
          yield columns.partiesOf(slot)
        }
      }
    },
    get missingCount() {
      return missingCount
    },
  }
}

/** Two circular lists of slots: the entries after the slots are their heads. */
function createLists(limit: number) {
  const [ending, endless] = [limit, limit + 1]
  const before = new Int32Array(limit + 2)
  for (const head of [ending, endless]) before[head] = head
  return { ending, endless, before, after: before.slice() }
}

/** Only what an end needs. The objects of processes and endpoints are shared by many attempts. */
function createColumns(limit: number) {
  const processes: (TopProcess | null)[] = []
  const endpoints: (TopEndpoint | null)[] = []
  const names: (string | null)[] = []
  const startedNs = new Float64Array(limit)
  const unixNs = new Float64Array(limit)
  /** NaN: not known */
  const latencyNs = new Float64Array(limit)
  const outcome = new Uint8Array(limit)
  const errno = new Int32Array(limit)
  const synRetransmits = new Int32Array(limit)
  const partiesOf = (slot: number): TopParties => ({
    process: processes[slot] as TopProcess,
    endpoint: endpoints[slot] as TopEndpoint,
    dnsName: names[slot] as string | null,
  })
  return {
    startedNs,
    partiesOf,
    set(slot: number, attempt: TopAttempt, beginNs: number) {
      processes[slot] = attempt.process
      endpoints[slot] = attempt.endpoint
      names[slot] = attempt.dnsName
      startedNs[slot] = beginNs
      unixNs[slot] = attempt.unixNs
      latencyNs[slot] = attempt.latencyNs ?? NaN
      outcome[slot] = attempt.outcome
      errno[slot] = attempt.errno
      synRetransmits[slot] = attempt.synRetransmits
    },
    get(slot: number): TopAttempt {
      const latency = latencyNs[slot] as number
      return {
        ...partiesOf(slot),
        unixNs: unixNs[slot] as number,
        latencyNs: Number.isNaN(latency) ? null : latency,
        outcome: outcome[slot] as number,
        errno: errno[slot] as number,
        synRetransmits: synRetransmits[slot] as number,
      }
    },
    clear(slot: number) {
      processes[slot] = null
      endpoints[slot] = null
      names[slot] = null
    },
  }
}
