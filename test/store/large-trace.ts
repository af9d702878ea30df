import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { NO_LOSS } from '../../src/attempt/loss-causes.js'
import { openOutput } from '../../src/record/output/open-output.js'
import { closeSession } from '../../src/record/session/session-row.js'
import { createTraceWriter } from '../../src/record/write/trace-writer.js'
import { LOOPBACK6, MAPPED_PREFIX, packEvents, type EventFields } from '../record/make-events.js'
import { NAMES, addSession } from '../record/new-trace.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { createRandom, randomInteger } from './random.js'

/** CLOCK_MONOTONIC when the sessions begin: attempts of a rotated recording may have begun earlier. */
const EPOCH_NS = 5_000_000_000
const WINDOWS = 40
/** Writes without attempts at the end: rollups are made between writes. */
const IDLE_WRITES = 12
const SKIPPED = { all: 0, uncovered: 0 }
const NO_DNS_LOSS = { lost: 0, malformed: 0, evicted: 0 }

/**
 * A trace that is open for recording until the test ends, with its log. Its first session has 40 windows, of which 32
 * are rolled up; its first window has so many endpoints that their ids are stored as bits. The second session has one
 * window, rows after it, and no end. Some attempts have no latency, no process, or a name that is not UTF-8.
 * @returns its path
 */
export function makeLargeTrace(): string {
  const { db, path, close } = openOutput(join(makeTemporaryDirectory(), 'trace.db'))
  onTestFinished(() => close())
  const sessionId = addSession(db)
  const random = createRandom(7)
  const events = (count: number) => Array.from({ length: count }, (_, i) => makeEvent(random, i))
  const windows = Array.from({ length: WINDOWS }, (_, window) => [events(window === 0 ? 3000 : 30), null])
  const rows = write(db, sessionId, [...windows.flat(), ...Array.from({ length: IDLE_WRITES }, () => [])])
  closeSession(db, sessionId, {
    durationNs: 60e9,
    reason: 'duration',
    loss: NO_LOSS,
    completeness: { kernelMin: rows, kernelMax: rows, comparable: rows, uncomparable: 0 },
    dns: NO_DNS_LOSS,
    skipped: SKIPPED,
    lostProcesses: 0,
    lostDetails: { addresses: 0 },
  })
  write(db, addSession(db), [events(50), null, events(50)])
  return path
}

/**
 * @param batches `null` closes a window
 * @returns number of attempts
 */
function write(db: Database, sessionId: number, batches: readonly (readonly Partial<EventFields>[] | null)[]): number {
  const writer = createTraceWriter(db, { sessionId, epochNs: BigInt(EPOCH_NS), names: NAMES, metadata: null })
  let rows = 0
  for (const batch of batches) {
    const packed = packEvents(batch ?? [])
    if (batch === null) writer.flushWindow()
    else rows += writer.write(packed, packed.source, NO_LOSS, 1e9)
  }
  return rows
}

function makeEvent(random: () => number, i: number): Partial<EventFields> {
  const isKnown = i % 7 !== 0
  return {
    startedNs: BigInt(EPOCH_NS + randomInteger(random, -1e9, 60e9)),
    latencyNs: BigInt(Math.floor(2 ** (random() * 45))),
    ...(isKnown ? { pid: 1000 + (i % 3), comm: Buffer.from('caf\xe9', 'latin1') } : { pid: 0, tid: 0 }),
    remoteAddress: i % 2 === 0 ? LOOPBACK6 : `${MAPPED_PREFIX}0a00${(i % 300).toString(16).padStart(4, '0')}`,
    family: i % 2 === 0 ? 6 : 4,
    remotePort: 1 + (i % 2000),
    outcome: i % 5 === 0 ? i % 8 : 0,
    synRetransmits: i % 11 === 0 ? 3 : 0,
    flags: i % 13 === 0 ? 64 : 0,
  }
}
