import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCgroupPaths } from '../../../src/record/host/cgroup-paths.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

/** A tree of plain directories in the form of cgroup v2, and a clock that the test sets. */
function makeTree() {
  const root = makeTemporaryDirectory()
  const clock = { ms: 0 }
  const add = (path: string) => void mkdirSync(join(root, path), { recursive: true })
  for (const path of ['system.slice/nginx.service', 'user.slice/user-1000.slice', 'a b']) add(path)
  writeFileSync(join(root, 'cgroup.procs'), '')
  const paths = createCgroupPaths({ path: root, isWhole: true }, () => clock.ms)
  return {
    root,
    add,
    clock,
    idOf: (path: string) => statSync(join(root, path), { bigint: true }).ino,
    pathOf: paths.find,
    paths,
  }
}

test.each(['/', '/system.slice', '/system.slice/nginx.service', '/user.slice/user-1000.slice', '/a b'])(
  'finds the path of %s',
  (path) => {
    const { idOf, pathOf } = makeTree()
    expect(pathOf(idOf(path))).toBe(path)
  },
)

test('reports that it did not read all cgroups; the ones it read have a path', () => {
  const root = makeTemporaryDirectory()
  for (const name of ['a', 'b', 'c']) mkdirSync(join(root, name))
  const tree = { path: root, isWhole: true }
  expect(createCgroupPaths(tree, () => 0, 4).isCut).toBe(false)
  const paths = createCgroupPaths(tree, () => 0, 3)
  expect(paths.isCut).toBe(true)
  expect(paths.find(statSync(root, { bigint: true }).ino)).toBe('/')
})

describe('an id without a cgroup', () => {
  test('has no path; files have none either', () => {
    const { pathOf, idOf, clock } = makeTree()
    expect(pathOf(1n)).toBeNull()
    clock.ms += 1000
    expect(pathOf(idOf('cgroup.procs'))).toBeNull()
  })

  test('starts a walk of the tree at most once per second', () => {
    const { add, clock, idOf, pathOf } = makeTree()
    expect(pathOf(1n)).toBeNull()
    add('late.slice')
    clock.ms = 999
    expect(pathOf(idOf('late.slice'))).toBeUndefined()
    clock.ms = 1000
    expect(pathOf(idOf('late.slice'))).toBe('/late.slice')
  })

  test('always starts a walk at the end of the recording', () => {
    const { add, idOf, pathOf } = makeTree()
    pathOf(1n)
    add('late.slice')
    expect(pathOf(idOf('late.slice'), true)).toBe('/late.slice')
  })

  test('is not searched again after a walk that did not find it', () => {
    const { add, clock, idOf, pathOf } = makeTree()
    pathOf(1n)
    expect(pathOf(2n)).toBeUndefined()
    clock.ms = 1000
    pathOf(idOf('/'))
    expect(pathOf(3n)).toBeNull()
    add('late.slice')
    clock.ms = 2000
    expect([pathOf(1n), pathOf(2n), pathOf(3n)]).toEqual([null, null, null])
    expect(pathOf(idOf('late.slice'), false)).toBe('/late.slice')
  })

  test('starts no walk on a host without cgroup v2', () => {
    expect(createCgroupPaths(null).find(1n)).toBeNull()
  })

  test('causes no error if the root of the tree no longer exists', () => {
    const { root, pathOf } = makeTree()
    rmSync(root, { recursive: true })
    expect(pathOf(1n)).toBeNull()
  })
})

test('a path is kept after the cgroup is removed', () => {
  const { root, idOf, pathOf } = makeTree()
  const id = idOf('system.slice')
  pathOf(id)
  rmSync(join(root, 'system.slice'), { recursive: true })
  expect(pathOf(id)).toBe('/system.slice')
})

test('a path is kept after a walk that does not find the cgroup', () => {
  const { root, idOf, pathOf } = makeTree()
  const id = idOf('system.slice')
  rmSync(join(root, 'system.slice'), { recursive: true })
  expect(pathOf(1n)).toBeNull()
  expect(pathOf(id)).toBe('/system.slice')
})

test('the number of ids without a path is limited', () => {
  const { clock, pathOf } = makeTree()
  pathOf(1n)
  for (let id = 2n; id <= 70_000n; id++) expect(pathOf(id << 40n)).toBeUndefined()
  clock.ms = 1000
  expect(pathOf(2n << 40n)).toBeNull()
  expect(pathOf(70_000n << 40n)).toBeUndefined()
})

describe('a tree whose root is the cgroup of this process', () => {
  test('is not walked: its paths have another root', () => {
    const { root, idOf } = makeTree()
    const paths = createCgroupPaths({ path: root, isWhole: false })
    expect(paths.find(idOf('/system.slice'))).toBeNull()
  })

  test.each([[null], [{ path: '/', isWhole: false }]])(
    'or no tree: a new cgroup has the path of its record (%j)',
    (tree) => {
      const paths = createCgroupPaths(tree)
      paths.add(77n, '/job.scope')
      expect(paths.find(77n)).toBe('/job.scope')
      expect(paths.find(78n)).toBeNull()
    },
  )
})

describe('a new cgroup', () => {
  test('has a path, even if it is removed before its path is read', () => {
    const { paths } = makeTree()
    paths.add(77n, '/job.scope')
    expect(paths.find(77n)).toBe('/job.scope')
  })

  test('replaces the oldest new cgroup at the limit', () => {
    const { paths } = makeTree()
    for (let id = 1n; id <= 70_000n; id++) paths.add(id << 40n, `/job-${id}`)
    expect(paths.find((70_000n - 65_535n) << 40n)).toBe('/job-4465')
    expect(paths.find(70_000n << 40n)).toBe('/job-70000')
    expect(paths.find((70_000n - 65_536n) << 40n)).toBeNull()
  })

  test('never replaces a cgroup that a walk found', () => {
    const { root, paths, idOf } = makeTree()
    const ids = ['/', '/system.slice', '/system.slice/nginx.service'].map((path) => [idOf(path), path] as const)
    rmSync(root, { recursive: true })
    for (let id = 1n; id <= 70_000n; id++) paths.add(id << 40n, `/job-${id}`)
    for (const [id, path] of ids) expect(paths.find(id)).toBe(path)
  })

  test('keeps its path when a walk no longer finds it', () => {
    const { paths, clock } = makeTree()
    paths.find(1n)
    expect(paths.find(77n)).toBeUndefined()
    paths.add(77n, '/job.scope')
    clock.ms = 1000
    expect(paths.find(2n)).toBeNull()
    expect(paths.find(77n)).toBe('/job.scope')
  })
})

test('links in a circle are not followed', () => {
  const { root, pathOf } = makeTree()
  symlinkSync(root, join(root, 'circle'))
  expect(pathOf(1n)).toBeNull()
})
