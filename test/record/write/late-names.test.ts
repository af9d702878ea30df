import { expect, test, vi } from 'vitest'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import type { ContainerFacts } from '../../../src/record/runtimes/container-facts.js'
import type { HostNames } from '../../../src/record/write/late-names.js'
import { countStatements } from '../../support/count-work.js'
import { holdWriteLock } from '../../support/hold-lock.js'
import { packEvents, type EventFields } from '../make-events.js'
import { NAMES, addSession, createWriter, openNewTrace } from '../new-trace.js'

/** A host whose names are unknown until the test sets them in `known`. */
function createScene() {
  const trace = openNewTrace()
  const known = {
    users: new Map<number, string | null>(),
    paths: new Map<bigint, string | null>(),
    facts: new Map<string, ContainerFacts>(),
  }
  const names = {
    userName: vi.fn<HostNames['userName']>((uid) => known.users.get(uid)),
    cgroupPath: vi.fn<HostNames['cgroupPath']>((id) => known.paths.get(id)),
    containerFacts: vi.fn<HostNames['containerFacts']>((id) => known.facts.get(id)),
  }
  const writer = createWriter(trace, names)
  const write = (events: Partial<EventFields>[], into = writer) => {
    const packed = packEvents(events)
    const source = (take: (offset: number) => void) => (packed.offsets.forEach(take), events.length)
    into.write(packed, source, NO_LOSS, 0)
  }
  const rows = () =>
    trace.db.prepare('SELECT pid, user, path FROM process LEFT JOIN cgroup USING (cgroup_id) ORDER BY pid').raw().all()
  return { ...trace, known, names, writer, write, rows }
}

test('late names are added to all rows that lack them, once they are known', () => {
  const { known, writer, write, rows } = createScene()
  write([
    { pid: 1, uid: 5, cgroupId: 7n },
    { pid: 2, uid: 5, cgroupId: 7n },
    { pid: 3, uid: 6, cgroupId: 8n },
    { pid: 4, uid: 5, cgroupId: 8n, hasHostRoot: false },
  ])
  writer.addNames(false)
  expect(rows()).toEqual([1, 2, 3, 4].map((pid) => [pid, null, null]))
  known.users.set(5, 'games')
  known.paths.set(7n, '/late.slice')
  writer.addNames(false)
  expect(rows()).toEqual([
    [1, 'games', '/late.slice'],
    [2, 'games', '/late.slice'],
    [3, null, null],
    // A container has its own accounts.
    [4, null, null],
  ])
})

test('users of the host without a name are counted, users of a container are not (GAP-75)', () => {
  const { known, writer, write } = createScene()
  known.users.set(5, 'games')
  known.users.set(6, null)
  write([
    { pid: 1, uid: 5 },
    { pid: 2, uid: 6 },
    { pid: 3, uid: 7 },
    { pid: 4, uid: 8 },
    { pid: 5, uid: 9, hasHostRoot: false },
  ])
  known.users.set(8, 'late')
  writer.addNames(true)
  expect([...writer.unnamedUids()]).toEqual([6, 7])
})

test('ids with a name, and ids known to have none, are not looked up again', () => {
  const { known, names, writer, write } = createScene()
  write([{ uid: 5, cgroupId: 7n }])
  known.users.set(5, null)
  known.paths.set(7n, '/late.slice')
  writer.addNames(false)
  names.userName.mockClear()
  names.cgroupPath.mockClear()
  writer.addNames(false)
  expect(names.userName).not.toHaveBeenCalled()
  expect(names.cgroupPath).not.toHaveBeenCalled()
})

test('ids without a name do not change the file', () => {
  const { db, known, writer, write } = createScene()
  write([{ uid: 5, cgroupId: 7n }])
  known.users.set(5, null)
  known.paths.set(7n, null)
  const count = () => db.prepare('SELECT total_changes()').pluck().get()
  const before = count()
  writer.addNames(false)
  expect(count()).toBe(before)
})

test('a thousand names for ten thousand processes are written by one statement', () => {
  const { db, known, writer, write } = createScene()
  const events = Array.from({ length: 10_000 }, (_, i) => ({ pid: i + 1, uid: 4_294_000_000 + (i % 1000) }))
  write(events)
  for (const { uid } of events) known.users.set(uid, `"user" ${uid}`)
  const { executions } = countStatements()
  writer.addNames(false)
  expect(executions(/UPDATE process/)).toBe(1)
  const wrong = db.prepare(`SELECT count(*) FROM process WHERE user IS NOT '"user" ' || uid`).pluck().get()
  expect(wrong).toBe(0)
})

test('a container gets its name when the path of its cgroup is known', () => {
  const { db, known, writer, write } = createScene()
  known.paths.set(8n, '/system.slice/nginx.service')
  write([{ cgroupId: 7n }, { pid: 2, cgroupId: 8n }, { pid: 3, cgroupId: 9n }])
  const containers = () => db.prepare('SELECT container FROM cgroup ORDER BY kernel_cgroup_id').pluck().all()
  expect(containers()).toEqual([null, 'nginx.service', null])
  known.paths.set(7n, `/system.slice/docker-${'0123456789abcdef'.repeat(4)}.scope`)
  known.paths.set(9n, '/')
  writer.addNames(false)
  expect(containers()).toEqual(['0123456789ab', 'nginx.service', null])
})

test('the last call passes isEnd to the lookups', () => {
  const { names, writer, write } = createScene()
  write([{ uid: 5, cgroupId: 7n }])
  writer.addNames(true)
  expect(names.userName).toHaveBeenLastCalledWith(5, true)
  expect(names.cgroupPath).toHaveBeenLastCalledWith(7n, true)
})

test('names wait while another process locks the file', () => {
  const { known, writer, write, rows, file } = createScene()
  write([{ pid: 1, uid: 5, cgroupId: 7n }])
  known.users.set(5, 'games')
  known.paths.set(7n, '/late.slice')
  const release = holdWriteLock(file)
  expect(() => writer.addNames(false)).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }))
  release()
  writer.addNames(false)
  expect(rows()).toEqual([[1, 'games', '/late.slice']])
})

test('rows of other sessions do not change', () => {
  const { db, known, writer, write, rows } = createScene()
  const userName = () => null
  write([{ pid: 1, uid: 5, cgroupId: 7n }], createWriter({ db, sessionId: addSession(db) }, { ...NAMES, userName }))
  write([{ pid: 2, uid: 5, cgroupId: 7n }])
  known.users.set(5, 'games')
  known.paths.set(7n, '/late.slice')
  writer.addNames(false)
  expect(rows()).toEqual([
    [1, null, '/cgroup-7'],
    [2, 'games', '/late.slice'],
  ])
})
