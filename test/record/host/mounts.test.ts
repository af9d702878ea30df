import { expect, test } from 'vitest'
import { readMounts } from '../../../src/record/host/mounts.js'

test('parses mount points with blanks, types, and any number of optional fields', () => {
  const lines = [
    '31 23 0:28 / /sys/fs/cgroup ro,nosuid shared:9 master:1 - cgroup2 cgroup2 rw,nsdelegate',
    '41 31 0:38 /../.. /a\\040b\\134c\\011d rw,relatime - cgroup2 none rw',
    '',
  ]
  expect(readMounts(lines.join('\n'))).toEqual([
    { path: '/sys/fs/cgroup', type: 'cgroup2' },
    { path: '/a b\\c\td', type: 'cgroup2' },
  ])
})

test('this process has mounts at / and /proc', () => {
  expect(readMounts()).toContainEqual({ path: '/proc', type: 'proc' })
})
