import { expect, test } from 'vitest'
import type { ContainerFacts } from '../../../src/record/runtimes/container-facts.js'
import { createContainerStore } from '../../../src/record/write/container-store.js'
import { createTransaction } from '../../../src/record/write/transaction.js'
import { openNewTrace } from '../new-trace.js'

const ID = '0123456789abcdef'.repeat(4)
const UID = '0b9f2f3e-1111-2222-3333-444455556666'
const KEY = `///${ID}`
const DOCKER_KEY = `//docker/${ID}`
const POD = `/kubepods/burstable/pod${UID}/${ID}`
const CART: ContainerFacts = {
  runtime: 'containerd',
  name: null,
  image: 'shop/cart:1.4',
  podName: 'cart-0',
  podNamespace: 'shop',
  podUid: UID,
  podContainer: 'cart',
}

function createScene() {
  const { db, sessionId } = openNewTrace()
  const known = new Map<string, ContainerFacts>()
  const store = createContainerStore(db, sessionId, (key) => known.get(key))
  const rows = () =>
    db
      .prepare(
        'SELECT container_id, runtime_name, container_name, pod_name, pod_uid, pod_container_name FROM container',
      )
      .raw()
      .all()
  return { db, known, store, rows, addNames: (isLast = false) => store.addNames(createTransaction(db), isLast) }
}

test('a container has one row, whichever of its cgroups is stored first', () => {
  const { known, store, rows } = createScene()
  known.set(KEY, CART)
  expect([store.rowOf(POD), store.rowOf(`${POD}/init.scope`), store.rowOf('/system.slice/cron.service')]).toEqual([
    1,
    1,
    null,
  ])
  expect(store.rowOf(null)).toBeNull()
  expect(rows()).toEqual([[ID, 'containerd', null, 'cart-0', UID, 'cart']])
})

test('without names a container has the facts of its cgroup path; names are added once they are known', () => {
  const { known, store, rows, addNames } = createScene()
  store.rowOf(POD)
  addNames()
  expect([rows(), store.unnamedCount()]).toEqual([[[ID, null, null, null, UID, null]], 1])
  known.set(KEY, CART)
  addNames()
  expect([rows(), store.unnamedCount()]).toEqual([[[ID, 'containerd', null, 'cart-0', UID, 'cart']], 0])
})

test('a container that is renamed and restarted keeps its first name (GAP-92)', () => {
  const { known, store, rows, addNames } = createScene()
  known.set(DOCKER_KEY, { ...CART, podContainer: 'first' })
  store.rowOf(`/docker/${ID}`)
  known.set(DOCKER_KEY, { ...CART, podContainer: 'second' })
  store.rowOf(`/system.slice/docker-${ID}.scope`)
  addNames()
  expect(rows()).toEqual([[ID, 'containerd', null, 'cart-0', UID, 'first']])
})

test('containers of runtimes without ids have the name in their path', () => {
  const { store, rows } = createScene()
  store.rowOf('/lxc.payload.web1/system.slice/cron.service')
  store.rowOf('/machine.slice/machine-db\\x2d1.scope/payload')
  expect([rows(), store.unnamedCount()]).toEqual([
    [
      ['web1', 'lxc', 'web1', null, null, null],
      ['db-1', 'systemd-nspawn', 'db-1', null, null, null],
    ],
    0,
  ])
})

test('the same id in a cgroup of another owner is another container, without the names of the first (SEC-91)', () => {
  const { known, store, rows, addNames } = createScene()
  const user = `/user.slice/user-1000.slice/user@1000.service/user.slice`
  const paths = [
    `/system.slice/docker-${ID}.scope`,
    `${user}/docker-${ID}.scope`,
    `/docker/${'f'.repeat(64)}/docker-${ID}.scope`,
    `/system.slice/libpod-${ID}.scope`,
  ]
  // The cgroup of the user is stored first, when the names of root's container are not known yet.
  const [theirs, ...others] = [1, 0, 2, 3].map((i) => store.rowOf(paths[i] ?? ''))
  known.set(DOCKER_KEY, { ...CART, podContainer: 'web' })
  addNames()
  expect(new Set([theirs, ...others]).size).toBe(4)
  expect(rows()).toMatchObject([
    [ID, 'docker', null, null, null, null],
    [ID, 'containerd', null, 'cart-0', UID, 'web'],
    [ID, 'docker', null, null, null, null],
    [ID, 'podman', null, null, null, null],
  ])
  expect(store.rowOf(paths[1] ?? '')).toBe(theirs)
})

test('containers with one name, of two runtimes, have two rows', () => {
  const { store, rows } = createScene()
  expect([store.rowOf('/lxc.payload.web'), store.rowOf('/machine.slice/machine-web.scope')]).toEqual([1, 2])
  expect(rows()).toEqual([
    ['web', 'lxc', 'web', null, null, null],
    ['web', 'systemd-nspawn', 'web', null, null, null],
  ])
})

test('after a rollback a container gets a new row, and names are not written to the row of another container', () => {
  const { db, known, store, rows, addNames } = createScene()
  const failing = () => {
    store.rowOf(`/docker/${ID}`)
    throw new Error('disk full')
  }
  expect(() => createTransaction(db)(failing)).toThrow('disk full')
  expect(store.rowOf(POD)).toBe(1)
  known.set(DOCKER_KEY, { ...CART, podContainer: 'wrong' })
  addNames()
  expect(rows()).toEqual([[ID, null, null, null, UID, null]])
  expect(store.rowOf(`/docker/${ID}`)).toBe(2)
})

test('each call looks up a limited number of names, in turn; the last call looks up all', () => {
  const { known, store, rows, addNames } = createScene()
  const idOf = (i: number) => i.toString(16).padStart(64, '0')
  for (let i = 0; i < 9000; i++) store.rowOf(`/docker/${idOf(i)}`)
  for (let i = 0; i < 9000; i++) known.set(`//docker/${idOf(i)}`, CART)
  const named = () => rows().filter((row) => (row as unknown[])[3] !== null).length
  const counts = [named()]
  for (const isLast of [false, true]) {
    addNames(isLast)
    counts.push(named())
  }
  expect([counts, store.unnamedCount()]).toEqual([[0, 4096, 9000], 0])
})
