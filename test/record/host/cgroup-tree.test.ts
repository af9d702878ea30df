import { closeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findCgroupTree, isCgroup2, openCgroup } from '../../../src/record/host/cgroup-tree.js'

test('the tree of this host is complete, and its root can be opened', () => {
  const tree = findCgroupTree({ root: '/', hostPids: [] })
  expect(tree === null || isCgroup2(tree.path)).toBe(true)
  const fd = tree === null ? null : openCgroup(tree.path)
  expect(fd === null).toBe(tree === null)
  if (fd !== null) closeSync(fd)
})

test('a directory that is not a cgroup v2 file system is not a tree, even if it is listed as its mount point (SEC-60)', () => {
  expect(findCgroupTree({ root: null, hostPids: [], mounts: ['/proc', '/no/such/path'] })).toBeNull()
})

test.each(['/proc', '/tmp', '/no/such/path', '', '/etc/passwd'])('%j is not a cgroup', (path) => {
  expect(isCgroup2(path)).toBe(false)
  expect(openCgroup(path)).toBeNull()
})
