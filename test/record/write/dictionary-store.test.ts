import { describe, expect, test, vi } from 'vitest'
import type { DictionaryStore } from '../../../src/record/write/dictionaries.js'
import { createDictionaryStore, type RowNames } from '../../../src/record/write/dictionary-store.js'
import { PROCESS_BYTES } from '../../../src/record/event/process-table.js'
import { connectEvent } from '../../../src/record/event/wire.gen.js'
import {
  LOOPBACK,
  LOOPBACK6,
  MAPPED_PREFIX,
  UNSPECIFIED,
  packEvents,
  slotOf,
  type EventFields,
} from '../make-events.js'
import { NAMES as HOST_NAMES, addSession, openNewTrace, type NewTrace } from '../new-trace.js'

const NAMES: RowNames = { ...HOST_NAMES, containerRow: () => null }

/** Writes the process of an event. */
function storeOne(store: DictionaryStore, event: Partial<EventFields>): ReturnType<DictionaryStore['process']> {
  const packed = packEvents([event])
  return store.process(packed.processes.bytes, slotOf(packed, 0) * PROCESS_BYTES)
}

/** Writes the process of an event and reads its row back. */
function storeProcess(trace: NewTrace, event: Partial<EventFields>, names: RowNames = NAMES): Record<string, unknown> {
  const store = createDictionaryStore(trace.db, trace.sessionId, names)
  const { processId } = storeOne(store, event)
  const row = trace.db.prepare('SELECT * FROM process WHERE process_id = ?').safeIntegers().get(processId)
  return row as Record<string, unknown>
}

describe('a process', () => {
  test('is stored with all facts of the event and the host', () => {
    const trace = openNewTrace()
    const processStartNs = 9_007_199_254_740_993n
    expect(storeProcess(trace, { pid: 4_000_000_000, processStartNs, comm: 'a worker' })).toEqual({
      process_id: 1n,
      session_id: BigInt(trace.sessionId),
      pid: 4_000_000_000n,
      process_start_ns: processStartNs,
      comm: 'a worker',
      exe: 'curl',
      uid: 33n,
      user: 'www-data',
      cgroup_id: 1n,
      netns: 4_026_531_840n,
      mntns: 4_026_531_841n,
      netns_cookie: null,
      has_host_root: 1n,
      has_host_netns: null,
    })
    expect(trace.db.prepare('SELECT kernel_cgroup_id, path FROM cgroup').raw().all()).toEqual([[77, '/cgroup-77']])
  })

  test('has the cookie of its network namespace, and a user only if it has the root directory of the host', () => {
    const event = { netnsCookie: 4097n, hasHostRoot: false, uid: 33 }
    const row = storeProcess(openNewTrace(), event)
    expect(row).toMatchObject({ netns_cookie: 4097n, has_host_root: 0n, uid: 33n, user: null })
    expect(storeProcess(openNewTrace(), { netnsCookie: 2n ** 64n - 1n }).netns_cookie).toBe(-1n)
  })

  test.each([
    [4_026_531_840, 1n],
    [4_026_532_000, 0n],
    [0, null],
  ])('with the network namespace %i is in that of the host or not: %s', (netns, expected) => {
    const names = { ...NAMES, hostNetns: 4_026_531_840 }
    for (const pid of [5, 0]) {
      expect(storeProcess(openNewTrace(), { pid, netns }, names).has_host_netns).toBe(expected)
      expect(storeProcess(openNewTrace(), { pid, netns }).has_host_netns).toBeNull()
    }
  })

  test('is returned with its network namespace', () => {
    const trace = openNewTrace()
    const store = createDictionaryStore(trace.db, trace.sessionId, NAMES)
    const { netns } = storeOne(store, { pid: 5, netns: 4_294_967_295 })
    expect(netns).toBe(4_294_967_295)
  })

  test('has NULL for unknown values: executable of a kernel thread, user, cgroup, mount namespace', () => {
    const event = { exeInode: 0n, exe: '', uid: 99, mntns: 0 }
    const trace = openNewTrace()
    expect(storeProcess(trace, event, { ...NAMES, cgroupPath: () => null })).toMatchObject({
      exe: null,
      user: null,
      mntns: null,
    })
    expect(trace.db.prepare('SELECT path FROM cgroup').pluck().get()).toBeNull()
  })

  test('is not a kernel thread if its executable has no name', () => {
    expect(storeProcess(openNewTrace(), { exe: '' }).exe).toBe('')
  })
})

describe('hostile names', () => {
  const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

  test.each([
    ['terminal escapes are unchanged', bytes('1b5b33316d'), '\x1b[31m'],
    ['the first NUL ends the name', bytes('6100626364'), 'a'],
    ['an empty name', bytes(''), ''],
    ['all 16 bytes are used', bytes('61'.repeat(16)), 'a'.repeat(16)],
    ['invalid UTF-8', bytes('61ff62c0af'), String.raw`a\xffb\xc0\xaf`],
    ['UTF-8 that is cut within a character', bytes('e697a5e69c'), String.raw`日\xe6\x9c`],
    ['quotes and SQL', new TextEncoder().encode(`'); DROP --`), `'); DROP --`],
    ['line breaks and tabs', bytes('0a0d0961'), '\n\r\ta'],
    ['a byte order mark', bytes('efbbbf61'), '\ufeffa'],
  ])('%s', (_, comm, text) => {
    expect(storeProcess(openNewTrace(), { comm }).comm).toBe(text)
  })

  test('the name of an executable ends after 128 bytes', () => {
    expect(storeProcess(openNewTrace(), { exe: 'x'.repeat(128) }).exe).toBe('x'.repeat(128))
  })
})

describe('a cgroup', () => {
  test('is one row for all of its processes', () => {
    const trace = openNewTrace()
    const cgroupPath = vi.fn((id: bigint) => `/cgroup-${id}`)
    const store = createDictionaryStore(trace.db, trace.sessionId, { ...NAMES, cgroupPath })
    for (const event of [{ pid: 1 }, { pid: 2 }, { pid: 3, cgroupId: 78n }]) storeOne(store, event)
    expect(trace.db.prepare('SELECT cgroup_id FROM process ORDER BY pid').pluck().all()).toEqual([1, 1, 2])
    expect(cgroupPath).toHaveBeenCalledTimes(2)
  })
})

describe('an endpoint', () => {
  const endpointAt = connectEvent.remote_address

  test.each([
    [LOOPBACK, 4, '127.0.0.1'],
    [LOOPBACK6, 6, '::1'],
    [`${MAPPED_PREFIX}00000000`, 4, '0.0.0.0'],
    ['20010db8000000000000000000000001', 6, '2001:db8::1'],
  ])('%s', (remoteAddress, family, text) => {
    const { db, sessionId } = openNewTrace()
    const { bytes } = packEvents([{ remoteAddress, remotePort: 65_535 }])
    createDictionaryStore(db, sessionId, NAMES).endpoint(bytes, endpointAt)
    expect(db.prepare('SELECT * FROM endpoint').get()).toEqual({
      endpoint_id: 1,
      family,
      address: Buffer.from(remoteAddress, 'hex'),
      remote_address: text,
      remote_port: 65_535,
    })
  })

  test('is one row in all sessions', () => {
    const { db, sessionId } = openNewTrace()
    const packed = packEvents([{}, { remotePort: 80 }])
    const ids = [sessionId, addSession(db)].map((session) => {
      const store = createDictionaryStore(db, session, NAMES)
      return packed.offsets.map((offset) => store.endpoint(packed.bytes, offset + endpointAt))
    })
    expect(ids).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(db.prepare('SELECT count(*) FROM endpoint').pluck().get()).toBe(2)
  })
})

describe('a local address', () => {
  test('is one row in all sessions, without a text if the kernel chose none', () => {
    const { db, sessionId } = openNewTrace()
    const addresses = [LOOPBACK, UNSPECIFIED, '00'.repeat(16), LOOPBACK6]
    const packed = packEvents(addresses.map((localAddress) => ({ localAddress })))
    for (const session of [sessionId, addSession(db)]) {
      const store = createDictionaryStore(db, session, NAMES)
      const ids = packed.offsets.map((offset) => store.localAddress(packed.bytes, offset + connectEvent.local_address))
      expect(ids).toEqual([1, 2, 3, 4])
    }
    const texts = db.prepare('SELECT local_address FROM local_address ORDER BY local_address_id').pluck().all()
    expect(texts).toEqual(['127.0.0.1', null, null, '::1'])
  })
})
