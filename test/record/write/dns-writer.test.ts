import { describe, expect, test } from 'vitest'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import type { Lookup } from '../../../src/record/dns/lookup.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import { createDnsWriter } from '../../../src/record/write/dns-writer.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { createTransaction } from '../../../src/record/write/transaction.js'
import { parseAddress } from '../../../src/attempt/address.js'
import { holdWriteLock } from '../../support/hold-lock.js'
import { packEvents } from '../make-events.js'
import { NAMES, addSession, openNewTrace } from '../new-trace.js'

const LOOKUP: Lookup = {
  startedNs: 1000,
  latencyNs: 500,
  name: 'www.example.org',
  queryType: 1,
  rcode: 0,
  isTruncated: false,
  isAsked: true,
  addresses: [bytesOf('192.0.2.1'), bytesOf('2001:db8::1')],
  cgroupId: 77n,
  netns: { inode: 4_026_531_840, cookie: 4097n },
}

function bytesOf(address: string): Uint8Array {
  return parseAddress(address) as Uint8Array
}

/** A writer for a new trace. Tests add metadata. */
function createScene() {
  const trace = openNewTrace()
  const metadata = { lookups: [] as Lookup[], names: createNameCache() }
  const writer = createTraceWriter(trace.db, { sessionId: trace.sessionId, epochNs: 0n, names: NAMES, metadata })
  const all = (sql: string) => trace.db.prepare(sql).raw().all()
  const dnsWriter = () => createDnsWriter(trace.db, trace.sessionId, { cgroupRow: () => 1, sinceNs: 0 })
  return { ...trace, metadata, writer, all, dnsWriter }
}

const LOOKUPS = `SELECT started_ns, latency_ns, dns_name, query_type, rcode, address_count, path, netns, netns_cookie, is_truncated
  FROM dns_lookup JOIN dns_name USING (dns_name_id) JOIN cgroup USING (cgroup_id) ORDER BY lookup_id`
const ADDRESSES = 'SELECT dns_name, address FROM dns_address JOIN dns_name USING (dns_name_id) ORDER BY 1, 2'

describe('lookups', () => {
  test('are rows with NULL for unknown values', () => {
    const { all, metadata, writer } = createScene()
    const unknown = {
      latencyNs: null,
      queryType: null,
      rcode: null,
      isTruncated: null,
      addresses: [],
      netns: { inode: 0, cookie: 0n },
    }
    const truncated = { isTruncated: true, addresses: [] }
    metadata.lookups.push(LOOKUP, { ...LOOKUP, ...unknown, name: 'none.example' })
    metadata.lookups.push({ ...LOOKUP, ...truncated, name: 'truncated.example' })
    writer.writeLookups()
    expect(all(LOOKUPS)).toEqual([
      [1000, 500, 'www.example.org', 1, 0, 2, '/cgroup-77', 4_026_531_840, 4097, 0],
      [1000, null, 'none.example', null, null, 0, '/cgroup-77', null, null, null],
      [1000, 500, 'truncated.example', 1, 0, 0, '/cgroup-77', 4_026_531_840, 4097, 1],
    ])
    expect(all(ADDRESSES)).toEqual([
      ['www.example.org', '192.0.2.1'],
      ['www.example.org', '2001:db8::1'],
    ])
  })

  test('are written once, and each address of a name once', () => {
    const { all, metadata, writer } = createScene()
    metadata.lookups.push(LOOKUP, { ...LOOKUP, startedNs: 2000 })
    writer.writeLookups()
    metadata.lookups.push({ ...LOOKUP, startedNs: 3000 })
    writer.writeLookups()
    writer.writeLookups()
    expect(all('SELECT started_ns FROM dns_lookup ORDER BY 1').flat()).toEqual([1000, 2000, 3000])
    expect(all('SELECT count(*) FROM dns_name')).toEqual([[1]])
    expect(all(ADDRESSES)).toHaveLength(2)
  })

  test('wait while another process locks the file', () => {
    const { all, metadata, file, writer } = createScene()
    metadata.lookups.push(LOOKUP)
    const release = holdWriteLock(file)
    expect(() => writer.writeLookups()).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }))
    release()
    writer.writeLookups()
    expect(all(LOOKUPS)).toHaveLength(1)
    expect(metadata.lookups).toEqual([])
  })

  test('of two sessions have separate addresses, and share the row of the name', () => {
    const { all, metadata, db, writer } = createScene()
    metadata.lookups.push(LOOKUP)
    writer.writeLookups()
    const second = createTraceWriter(db, { sessionId: addSession(db), epochNs: 0n, names: NAMES, metadata })
    metadata.lookups.push(LOOKUP)
    second.writeLookups()
    expect(all('SELECT session_id, count(*) FROM dns_address GROUP BY 1 ORDER BY 1')).toEqual([
      [1, 2],
      [2, 2],
    ])
    expect(all('SELECT count(*) FROM dns_name')).toEqual([[1]])
  })
})

describe('names of attempts', () => {
  test('belong to the right rows, in whatever order rows are written', () => {
    const { all, metadata, writer } = createScene()
    const answer = { isAsked: true, lookupNs: 7, cgroupId: 77, netns: 4_026_531_840 }
    for (const [i, name] of ['a.example', 'b.example', 'c.example'].entries()) {
      metadata.names.add(0x0100007f + i * 2 ** 24, { ...answer, name, answeredNs: 100 + i })
    }
    const remote = (i: number) => `00000000000000000000ffff7f00000${i + 1}`
    // Rows of the same outcome are written together: the order of ids differs from that of events.
    const events = [0, 1, 0, 2, 1, 0].map((i, at) => ({
      remoteAddress: remote(i),
      startedNs: BigInt(1000 + at),
      outcome: at % 2,
    }))
    const packed = packEvents(events)
    writer.write(packed, packed.source, NO_LOSS, 0)
    expect(all('SELECT dns_name, dns_age_ns, dns_lookup_ns, dns_candidates FROM connects ORDER BY started_ns')).toEqual(
      [
        ['a.example', 900, 7, 1],
        ['b.example', 900, 7, 1],
        ['a.example', 902, 7, 1],
        ['c.example', 901, 7, 1],
        ['b.example', 903, 7, 1],
        ['a.example', 905, 7, 1],
      ],
    )
  })

  test('have no row if the name is unknown', () => {
    const { all, writer } = createScene()
    const packed = packEvents([{}])
    writer.write(packed, packed.source, NO_LOSS, 0)
    expect(all('SELECT count(*) FROM connect_dns')).toEqual([[0]])
    expect(all('SELECT dns_name, dns_candidates FROM connects')).toEqual([[null, null]])
  })
})

describe('a flood of lookups', () => {
  test('is written in parts, so that attempts do not wait for all of them', () => {
    const { db, dnsWriter } = createScene()
    const dns = dnsWriter()
    db.prepare('INSERT INTO cgroup (session_id, kernel_cgroup_id) VALUES (1, 77)').run()
    const addresses = Array.from({ length: 249 }, () => new Uint8Array(16))
    const lookups = Array.from({ length: 100 }, () => ({ ...LOOKUP, addresses }))
    dns.writeLookups(lookups, createTransaction(db))
    expect(lookups).toHaveLength(35)
    dns.writeLookups(lookups, createTransaction(db))
    expect(lookups).toEqual([])
  })
})

describe('ids of names', () => {
  test('that were rolled back are assigned again', () => {
    const { all, db, dnsWriter } = createScene()
    const dns = dnsWriter()
    db.prepare('INSERT INTO cgroup (session_id, kernel_cgroup_id) VALUES (1, 77)').run()
    const failing = (body: () => void) =>
      db.transaction(() => {
        body()
        throw new Error('the disk is full')
      })()
    const lookups = [LOOKUP]
    expect(() => dns.writeLookups(lookups, failing)).toThrow('the disk is full')
    expect([lookups, dns.counts.lookups]).toEqual([[LOOKUP], 0])
    // Another name gets the id of the rolled back name.
    const others = [{ ...LOOKUP, name: 'other.example' }, LOOKUP]
    dns.writeLookups(others, createTransaction(db))
    expect([others, dns.counts.lookups]).toEqual([[], 2])
    expect(all(LOOKUPS).map((row) => (row as unknown[])[2])).toEqual(['other.example', 'www.example.org'])
  })

  test('are read from the file if they are no longer in memory', () => {
    const { all, db, dnsWriter } = createScene()
    const dns = dnsWriter()
    db.prepare('INSERT INTO cgroup (session_id, kernel_cgroup_id) VALUES (1, 77)').run()
    const names = Array.from({ length: 65_540 }, (_, i) => `${i}.example`)
    const lookups = [...names, '0.example', '65539.example'].map((name) => ({ ...LOOKUP, name, addresses: [] }))
    while (lookups.length > 0) dns.writeLookups(lookups, createTransaction(db))
    expect(all('SELECT count(*) FROM dns_name')).toEqual([[65_540]])
    const twice = `SELECT dns_name FROM dns_lookup JOIN dns_name USING (dns_name_id) GROUP BY 1 HAVING count(*) = 2 ORDER BY 1`
    expect(all(twice).flat()).toEqual(['0.example', '65539.example'])
  })
})
