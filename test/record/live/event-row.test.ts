import { expect, test } from 'vitest'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import { CONNECT_COLUMNS } from '../../../src/attempt/connect-columns.js'
import { propertyOf } from '../../../src/attempt/connect-values.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import { keyOfAddress } from '../../../src/record/dns/find-name.js'
import { netnsKeyOf } from '../../../src/record/dns/netns-key.js'
import { connectOutcome } from '../../../src/record/event/wire.gen.js'
import { createEventReader, identifyEvent } from '../../../src/record/live/event-row.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { MAPPED_PREFIX, UNSPECIFIED, packEvents, type EventFields } from '../make-events.js'
import { NAMES, STARTED_UNIX_NS, openNewTrace } from '../new-trace.js'
import { randomEvents } from '../random-events.js'

const COUNT = 500
/** Column or property → value */
type Values = Record<string, unknown>

/** Columns that a row of the live view lacks or has in another form. */
const OTHERS = ['session_id', 'started_ns', 'time']
const HOST_NETNS = 4_026_531_840
const CLOCK = { epochNs: 0n, unixOffsetNs: () => STARTED_UNIX_NS }

const COLUMNS = CONNECT_COLUMNS.map(({ name }) => name).filter((name) => !OTHERS.includes(name))

const textOf = (value: unknown) => (value === null ? null : String(value))
const toTexts = (row: Values) => Object.fromEntries(COLUMNS.map((name) => [name, textOf(row[name])]))
const toRecorded = (row: Values) => Object.fromEntries(COLUMNS.map((name) => [name, textOf(row[propertyOf(name)])]))

/** Every field of an event gets different values, including unknown ones. */
function makeEvents(): Partial<EventFields>[] {
  const random = createRandom(7)
  const pick = <Value>(...values: Value[]) => values[randomInteger(random, 0, values.length - 1)] as Value
  return randomEvents(random, COUNT).map((event, i) => ({
    ...event,
    startedNs: BigInt(i),
    family: event.remoteAddress?.startsWith(MAPPED_PREFIX) ? 4 : 6,
    uid: pick(0, 33),
    tid: pick(0, 1000, 70_000),
    netns: event.pid === 0 ? pick(0, HOST_NETNS) : pick(HOST_NETNS, HOST_NETNS + 9),
    netnsCookie: pick(0n, 1n << 60n),
    mntns: pick(0, 4_026_531_841),
    hasHostRoot: pick(true, false),
    exeInode: pick(0n, 4711n),
    comm: pick('curl', 'a thread name of 15'.slice(0, 15)),
    exe: pick('curl', '/usr/bin/a long name'),
    processStartNs: pick(1n, 1n << 55n),
    localAddress: pick(UNSPECIFIED, `${MAPPED_PREFIX}0a000002`),
    localPort: pick(0, 40_000),
  }))
}

/** Names for one of the two remote addresses. */
function createNames() {
  const names = createNameCache(HOST_NETNS)
  const answer = { name: 'a.example', isAsked: true, cgroupId: 5, netns: netnsKeyOf(HOST_NETNS, 0, HOST_NETNS) }
  names.add(keyOfAddress(Uint8Array.from(Buffer.from(`${MAPPED_PREFIX}0a000001`, 'hex'))), {
    ...answer,
    answeredNs: 100,
    lookupNs: 42,
  })
  return names
}

test('a row has the values of the view connects for the same attempt', () => {
  const { db, sessionId } = openNewTrace()
  const events = makeEvents()
  const packed = packEvents(events)
  const metadata = { names: createNames(), lookups: [] }
  const writer = createTraceWriter(db, { sessionId, epochNs: 0n, names: NAMES, metadata })
  writer.write(packed, packed.source, NO_LOSS, 0)
  const recorded = db.prepare('SELECT * FROM connects ORDER BY started_ns').safeIntegers().all() as Values[]

  const read = createEventReader({ ...NAMES, dns: metadata.names, nat: null }, CLOCK)
  const shown = packed.offsets.map(
    (offset, i) => ({ ...read(packed, offset, events[i]?.outcome === connectOutcome.pending) }) as Values,
  )
  expect(shown.map(toRecorded)).toEqual(recorded.map(toTexts))
  expect(new Set(shown.map(({ dnsName }) => dnsName))).toEqual(new Set([null, 'a.example']))
  expect(shown.map(({ unixNs }) => unixNs)).toEqual(recorded.map((row) => row['started_ns']))
  const identities = packed.offsets.map((offset) => identifyEvent(packed, offset, 0n))
  expect(identities.map(({ startedNs }) => startedNs)).toEqual(shown.map(({ startedNs }) => startedNs))
  expect(identities.map(({ tid }) => tid || null)).toEqual(shown.map(({ tid }) => tid))
})

test('a pending attempt has no latency, errno and retransmits', () => {
  const packed = packEvents([{ outcome: 1, error: 111, synRetransmits: 2, latencyNs: 5n }])
  const row = createEventReader({ ...NAMES, dns: null, nat: null }, CLOCK)(packed, 0, true)
  expect(row).toMatchObject({ outcome: 'pending', latencyNs: null, errno: null, synRetransmits: null })
  expect(row).toMatchObject({ hasDnsSource: false, dnsName: null, pid: 1000, remotePort: 443 })
})

test('times follow the wall clock after it is set', () => {
  let offsetNs = 1_000n
  const clock = { epochNs: 5n, unixOffsetNs: () => offsetNs }
  const read = createEventReader({ ...NAMES, dns: null, nat: null }, clock)
  const packed = packEvents([
    { startedNs: 1_000_000_005n },
    { startedNs: 1_000_000_006n },
    { startedNs: 1_000_000_007n },
  ])
  const times = packed.offsets.map((offset) => {
    offsetNs += 1_000n
    return read(packed, offset, false).unixNs
  })
  // The offset is read again after more than a second.
  expect(times).toEqual([1_000_001_000n, 1_000_004_001n - 1_000n, 1_000_003_002n])
})
