import { expect, test } from 'vitest'
import { parseAddress } from '../../../src/attempt/address.js'
import { createAddressOwners } from '../../../src/record/containers/address-owners.js'
import { createOwnerStore } from '../../../src/record/write/owner-store.js'
import { createTransaction } from '../../../src/record/write/transaction.js'
import { countStatements } from '../../support/count-work.js'
import { openNewTrace } from '../new-trace.js'

const EPOCH_NS = 1_000_000_000_000n
const [A, B] = ['10.22.0.5', '10.22.0.6']

function createScene() {
  const { db, sessionId } = openNewTrace()
  const owners = createAddressOwners()
  const rowOf = db.prepare(
    "INSERT INTO container (session_id, container_id, container_name) VALUES (?, ?, 'web') RETURNING container_key",
  )
  const containerRow = (cgroup: string) => rowOf.pluck().get(sessionId, cgroup) as number
  const store = createOwnerStore(db, { sessionId, epochNs: EPOCH_NS, owners, containerRow })
  const connectTo = (address: string) =>
    db.prepare('INSERT INTO endpoint VALUES (NULL, 4, ?, ?, 80)').run(parseAddress(address), address)
  const report = (seconds: number, owned: [string, string][] = [], freed: string[] = []) => {
    const atNs = EPOCH_NS + BigInt(seconds) * 1_000_000_000n
    const changes = { owned: owned.map(([address, key]) => [address, key, `/${key}`] as const), freed }
    owners.take({ ...changes, checkedNs: String(atNs), sinceNs: String(atNs + 1000n) })
  }
  const write = (isLast = false) => store.write(createTransaction(db), isLast)
  const rows = () =>
    db
      .prepare(
        'SELECT address, since_ns, until_ns, container_id FROM container_address JOIN container USING (container_key)',
      )
      .raw()
      .all()
  return { store, owners, connectTo, report, write, rows }
}

test('spans are written of addresses that attempts connected to, whichever came first', () => {
  const { connectTo, report, write, rows } = createScene()
  report(1, [
    [A, 'one'],
    [B, 'two'],
  ])
  write()
  expect(rows()).toEqual([])
  connectTo(A)
  write()
  expect(rows()).toEqual([[A, 1_000_001_000, null, '/one']])
  report(2, [], [B])
  report(3, [[B, 'three']])
  connectTo(B)
  write()
  expect(rows()).toEqual([
    [A, 1_000_001_000, null, '/one'],
    [B, 3_000_001_000, null, '/three'],
  ])
})

test('a span ends where it was seen last, and at the end all do', () => {
  const { connectTo, report, write, rows } = createScene()
  connectTo(A)
  report(1, [[A, 'one']])
  write()
  report(4)
  report(5, [[A, 'two']], [A])
  report(9)
  write()
  expect(rows()).toEqual([
    [A, 1_000_001_000, 4_000_000_000, '/one'],
    [A, 5_000_001_000, null, '/two'],
  ])
  write(true)
  expect(rows()[1]).toEqual([A, 5_000_001_000, 9_000_000_000, '/two'])
})

test('a span that ends while it is not checked goes on if it is checked again (GAP-101)', () => {
  const { owners, connectTo, report, write, rows } = createScene()
  connectTo(A)
  report(1, [[A, 'one']])
  report(2)
  write()
  owners.pause()
  write()
  expect(rows()).toEqual([[A, 1_000_001_000, 2_000_000_000, '/one']])
  report(30)
  write()
  expect(rows()).toEqual([[A, 1_000_001_000, null, '/one']])
})

test('a span that was reported once, and written meanwhile, ends at that moment', () => {
  const { connectTo, report, write, rows } = createScene()
  connectTo(A)
  report(1, [[A, 'one']])
  write()
  report(2, [], [A])
  write()
  expect(rows()).toEqual([[A, 1_000_001_000, 1_000_001_000, '/one']])
})

test('a call looks up and writes a limited number of spans, and the last one all of them', () => {
  const { connectTo, report, write, rows } = createScene()
  const addresses = Array.from({ length: 3000 }, (_, i) => `10.22.${i >> 8}.${i & 255}`)
  report(
    1,
    addresses.map((address) => [address, address]),
  )
  addresses.forEach(connectTo)
  write()
  expect(rows()).toHaveLength(1024)
  write()
  expect(rows()).toHaveLength(2048)
  write(true)
  expect(rows()).toHaveLength(3000)
})

test('without a change of spans, only those of new endpoints are looked up', () => {
  const { connectTo, report, write, rows } = createScene()
  report(
    1,
    Array.from({ length: 500 }, (_, i) => [`10.23.${i >> 8}.${i & 255}`, 'one']),
  )
  report(2, [[A, 'two']])
  write()
  connectTo(B)
  connectTo(A)
  const { executions } = countStatements()
  write()
  expect(executions(/FROM endpoint WHERE address/)).toBe(1)
  expect(rows()).toEqual([[A, 2_000_001_000, null, '/two']])
})

test('after an error it can be called again', () => {
  const { store, connectTo, report, write, rows } = createScene()
  connectTo(A)
  report(1, [[A, 'one']])
  const fail = () => {
    throw new Error('disk full')
  }
  expect(() => store.write(fail, false)).toThrow('disk full')
  write()
  write()
  expect(rows()).toHaveLength(1)
})
