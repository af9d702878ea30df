import { expect, test } from 'vitest'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import { keyOfAddress } from '../../../src/record/dns/find-name.js'
import { createNatRecords } from '../../../src/record/nat/find-addresses.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { parseAddress } from '../../../src/attempt/address.js'
import { MAPPED_PREFIX, packEvents, type EventFields } from '../make-events.js'
import { NAMES, openNewTrace } from '../new-trace.js'
import { packAsked, packTranslation } from '../nat/nat-payloads.js'

const SOURCE = `${MAPPED_PREFIX}0af40005`
const SERVICE = `${MAPPED_PREFIX}0a60000a`
const NODE = { inode: 12, cookie: 0 }
const PENDING = 7

const ATTEMPT = { localAddress: SOURCE, localPort: 40_000, remoteAddress: SERVICE, remotePort: 80, latencyNs: 1000n }
const ROWS = `SELECT remote_address, nat_address, nat_port, service_address, service_port, dns_name FROM connects ORDER BY started_ns`

/** Writes attempts into a session that begins `sinceNs` after the recording. */
function writeAll(events: readonly Partial<EventFields>[], { sinceNs = 0, outcome }: Settings = {}) {
  const trace = openNewTrace()
  const nat = createNatRecords()
  nat.translations.add(
    5500,
    NODE,
    packTranslation(['10.244.0.5:40000', '10.96.0.10:80'], ['192.0.2.1:1', '10.244.1.7:8443']),
  )
  nat.asked.add(5000, packAsked('10.99.0.1:443', 1000))
  const names = createNameCache()
  const answer = { isAsked: true, answeredNs: 1, lookupNs: 1, cgroupId: 77, netns: 4_026_531_840 }
  names.add(keyOfAddress(parseAddress('10.99.0.1') as Uint8Array), { ...answer, name: 'asked.example' })
  names.add(keyOfAddress(parseAddress('10.96.0.10') as Uint8Array), { ...answer, name: 'socket.example' })
  const writer = createTraceWriter(trace.db, {
    sessionId: trace.sessionId,
    epochNs: 0n,
    sinceNs,
    names: NAMES,
    metadata: { names, lookups: [] },
    nat,
  })
  const packed = packEvents(events)
  writer.write(packed, packed.source, NO_LOSS, 1e9, outcome)
  return trace.db.prepare(ROWS).raw().all() as unknown[][]
}

interface Settings {
  readonly sinceNs?: number
  readonly outcome?: number
}

test('attempts have their other addresses, and the name of the address passed to connect(2)', () => {
  const rows = writeAll([
    { ...ATTEMPT, startedNs: 5000n },
    { ...ATTEMPT, startedNs: 5400n },
    { ...ATTEMPT, startedNs: 5450n, localPort: 40_001 },
    { ...ATTEMPT, startedNs: 5000n, tid: 1001, latencyNs: 100n },
  ])
  const none = [null, null, null, null]
  expect(new Set(rows)).toEqual(
    new Set([
      ['10.96.0.10', '10.244.1.7', 8443, '10.99.0.1', 443, 'asked.example'],
      ['10.96.0.10', ...none, 'socket.example'],
      ['10.96.0.10', '10.244.1.7', 8443, null, null, 'socket.example'],
      ['10.96.0.10', ...none, 'socket.example'],
    ]),
  )
})

test('attempts in a later file have their other addresses too', () => {
  const [row] = writeAll([{ ...ATTEMPT, startedNs: 5000n }], { sinceNs: 2000 })
  expect(row).toEqual(['10.96.0.10', '10.244.1.7', 8443, '10.99.0.1', 443, 'asked.example'])
})

test('a pending attempt has no local port, and therefore no translation (GAP-89)', () => {
  const [row] = writeAll([{ ...ATTEMPT, startedNs: 5000n, outcome: PENDING }], { outcome: PENDING })
  expect(row).toEqual(['10.96.0.10', null, null, '10.99.0.1', 443, 'asked.example'])
})

test('the start of an inexact attempt may be 2 ms off', () => {
  const inexact = { ...ATTEMPT, startedNs: 1_005_500n, flags: 64 }
  expect(writeAll([inexact])[0]?.[1]).toBe('10.244.1.7')
  expect(writeAll([{ ...inexact, flags: 0 }])[0]?.[1]).toBeNull()
})
