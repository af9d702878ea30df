import { expect, test } from 'vitest'
import { findCgroupRoot, isCgroup2 } from '../../../src/record/host/cgroup-root.js'

const V1 = 'cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0'

test.each([
  ['/sys/fs/cgroup', ['proc /proc proc rw 0 0', 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0']],
  ['/sys/fs/cgroup/unified', [V1, 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0', V1]],
  ['/first', ['none /first cgroup2 rw 0 0', 'none /second cgroup2 rw 0 0']],
  ['/a b\\c\td', ['none /a\\040b\\134c\\011d cgroup2 rw 0 0']],
  [null, [V1, 'tmpfs /cgroup2 tmpfs rw 0 0', 'cgroup2 /not/it ext4 rw 0 0', '']],
  [null, ['']],
])('%s', (root, lines) => {
  expect(findCgroupRoot(lines.join('\n'))).toBe(root)
})

test('this host’s own mounts are read without a word', () => {
  const root = findCgroupRoot()
  expect(root === null || isCgroup2(root)).toBe(true)
})

test.each(['/proc', '/tmp', '/no/such/path', '', '/etc/passwd'])('%j is no cgroup', (path) => {
  expect(isCgroup2(path)).toBe(false)
})
