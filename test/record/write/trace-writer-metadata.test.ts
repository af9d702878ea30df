import { expect, test } from 'vitest'
import { keyOfAddress } from '../../../src/record/dns/find-name.js'
import type { Lookup } from '../../../src/record/dns/lookup.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { packEvents } from '../make-events.js'
import { NAMES, NO_LOSS, openNewTrace } from '../new-trace.js'

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

/** A session that began 10 s after its metadata. The metadata clock began at 0. */
function createLateSession() {
  const trace = openNewTrace()
  const names = createNameCache()
  const metadata = { names, lookups: [LOOKUP] }
  const writer = createTraceWriter(trace.db, {
    sessionId: trace.sessionId,
    epochNs: 10_000_000_000n,
    names: NAMES,
    metadata,
    metadataNs: 10e9,
  })
  const all = (sql: string) => trace.db.prepare(sql).raw().all()
  return { names, writer, all }
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
