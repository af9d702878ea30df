import { closeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findCgroupRoot, isCgroup2, openCgroup } from '../../../src/record/host/cgroup-root.js'

const V1 = 'cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0'

test.each([
  ['/sys/fs/cgroup', ['proc /proc proc rw 0 0', 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0']],
  ['/sys/fs/cgroup/unified', [V1, 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0', V1]],
  ['/first', ['none /first cgroup2 rw 0 0', 'none /second cgroup2 rw 0 0']],
  ['/a b\\c\td', ['none /a\\040b\\134c\\011d cgroup2 rw 0 0']],
  [null, [V1, 'tmpfs /cgroup2 tmpfs rw 0 0', 'cgroup2 /not/it ext4 rw 0 0', '']],
  [null, ['']],
])('the first mount of cgroup v2: %s', (root, lines) => {
  expect(findCgroupRoot(lines.join('\n'))).toBe(root)
})

test('this host’s own mounts are read without a word, and their root can be opened', () => {
  const root = findCgroupRoot()
  expect(root === null || isCgroup2(root)).toBe(true)
  const fd = root === null ? null : openCgroup(root)
  expect(fd === null).toBe(root === null)
  if (fd !== null) closeSync(fd)
})

test.each(['/proc', '/tmp', '/no/such/path', '', '/etc/passwd'])('%j is no cgroup', (path) => {
  expect(isCgroup2(path)).toBe(false)
  expect(openCgroup(path)).toBeNull()
})
