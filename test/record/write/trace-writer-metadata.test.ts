import { expect, test } from 'vitest'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import { keyOfAddress } from '../../../src/record/dns/find-name.js'
import type { Lookup } from '../../../src/record/dns/lookup.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { expandSums } from '../../store/expand-sums.js'
import { packEvents } from '../make-events.js'
import { NAMES, openNewTrace } from '../new-trace.js'

const LOOPBACK = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1)
const LOOKUP: Lookup = {
  startedNs: 2_000_000_000,
  latencyNs: 500,
  name: 'example.org',
  isAsked: true,
  queryType: 1,
  rcode: 0,
  isTruncated: false,
  addresses: [LOOPBACK],
  cgroupId: 77n,
  netns: { inode: 0, cookie: 0n },
}

/** A file that begins 10 s after its recording. */
function createLateSession() {
  const trace = openNewTrace()
  const names = createNameCache()
  const metadata = { names, lookups: [LOOKUP] }
  const writer = createTraceWriter(trace.db, {
    sessionId: trace.sessionId,
    epochNs: 0n,
    sinceNs: 10e9,
    names: NAMES,
    metadata,
  })
  const all = (sql: string) => trace.db.prepare(sql).raw().all()
  return { db: trace.db, names, writer, all }
}

test('an attempt has a name that was looked up during an earlier file', () => {
  const { names, writer, all } = createLateSession()
  const answer = { name: 'example.org', isAsked: true, answeredNs: 9e9, lookupNs: 500, cgroupId: 77, netns: 0 }
  names.add(keyOfAddress(LOOPBACK), answer)
  const { offsets, ...memory } = packEvents([{ startedNs: 12_000_000_000n }, { startedNs: 9_500_000_000n }])
  writer.write(memory, (take) => (offsets.forEach(take), offsets.length), NO_LOSS, 0)
  expect(all('SELECT dns_name, dns_age_ns, dns_lookup_ns FROM connects ORDER BY started_ns')).toEqual([
    ['example.org', 500_000_000, 500],
    ['example.org', 3_000_000_000, 500],
  ])
})

test('a lookup has the times of its session', () => {
  const { writer, all } = createLateSession()
  writer.writeLookups()
  expect(all('SELECT started_ns, latency_ns FROM dns_lookup')).toEqual([[-8_000_000_000, 500]])
})

test('attempts, batches, windows and seconds of a later file are relative to its start', () => {
  const { db, writer, all } = createLateSession()
  const packed = packEvents([{ startedNs: 9_500_000_000n }, { startedNs: 12_250_000_000n }])
  writer.write(packed, packed.source, NO_LOSS, 13e9)
  writer.flushWindow()
  expect(all('SELECT started_ns FROM connect_attempt')).toEqual([[-500_000_000], [2_250_000_000]])
  expect(all('SELECT written_ns, min_started_ns, max_started_ns FROM batch')).toEqual([
    [3_000_000_000, -500_000_000, 2_250_000_000],
  ])
  expect(all('SELECT min_started_ns, max_started_ns FROM latency_window')).toEqual([[-500_000_000, 2_250_000_000]])
  const startedUnixNs = BigInt(all('SELECT CAST(started_unix_ns AS TEXT) FROM session').flat()[0] as string)
  const seconds = [-500_000_000n, 2_250_000_000n].map((ns) => [Number((startedUnixNs + ns) / 1_000_000_000n)])
  expandSums(db)
  expect(all('SELECT unix_second FROM second_latency ORDER BY 1')).toEqual(seconds)
})

test('the first window of a later file lasts a minute from its start', () => {
  const { writer, all } = createLateSession()
  const packed = packEvents([{ startedNs: 12_000_000_000n }])
  writer.write(packed, packed.source, NO_LOSS, 69e9)
  writer.write(packed, packed.source, NO_LOSS, 69.9e9)
  expect(all('SELECT count(*) FROM latency_window')).toEqual([[0]])
  writer.write(packed, packed.source, NO_LOSS, 70e9)
  expect(all('SELECT count(*) FROM latency_window')).toEqual([[1]])
})
