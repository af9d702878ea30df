import { expect, test } from 'vitest'
import { parseAddress } from '../../../src/attempt/address.js'
import { createAddressOwners } from '../../../src/record/containers/address-owners.js'
import { createOwnerStore } from '../../../src/record/write/owner-store.js'
import { createTransaction } from '../../../src/record/write/transaction.js'
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
  return { owners, connectTo, report, write, rows }
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

test('after an error it can be called again', () => {
  const { connectTo, report, write, rows } = createScene()
  connectTo(A)
  report(1, [[A, 'one']])
  const failing = () => {
    throw new Error('disk full')
  }
  const { store } = { store: write }
  expect(failing).toThrow('disk full')
  store()
  store()
  expect(rows()).toHaveLength(1)
})
