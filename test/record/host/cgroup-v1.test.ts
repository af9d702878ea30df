import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasV1Containers } from '../../../src/record/host/cgroup-v1.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const NOT_UTF8 = Buffer.from('lxc/caf\xe9', 'latin1')
const ID = '0123456789abcdef'.repeat(4)

/** Plain directories in the form of a v1 controller and of v2. */
function makeSources(v1: readonly string[], v2: readonly string[] | null, processes: readonly string[] = []) {
  const [controller, unified] = [makeTemporaryDirectory(), makeTemporaryDirectory()]
  for (const path of v1) mkdirSync(join(controller, path), { recursive: true })
  for (const path of v2 ?? []) mkdirSync(join(unified, path), { recursive: true })
  const mountinfo = [
    '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
    `39 31 0:36 / ${controller.replaceAll(' ', String.raw`\040`)} rw,relatime shared:9 - cgroup cgroup rw,pids`,
    `41 31 0:38 / ${unified} rw,relatime - cgroup2 cgroup2 rw`,
    '',
  ].join('\n')
  return { mountinfo, root: v2 === null ? null : unified, processes, controller, isCut: false }
}

test.each([
  [`docker/${ID}`],
  ['docker'],
  [`kubepods/burstable/pod0b9f2f3e-1111-2222-3333-444455556666/${ID}`],
  ['lxc/web'],
  ['lxc.payload.web'],
  [`system.slice/docker-${ID}.scope`],
  ['machine.slice/machine-web.scope'],
])('finds a container of v1: a controller has %s, and v2 does not', (path) => {
  expect(hasV1Containers(makeSources([path], []))).toBe(true)
  expect(hasV1Containers(makeSources([path], null))).toBe(true)
})

test.each([[[`docker/${ID}`]], [[`system.slice/docker-${ID}.scope`]], [['kubepods.slice']]])(
  'finds no container of v1 if v2 has the same cgroup: %j',
  (paths) => {
    expect(hasV1Containers(makeSources(paths, paths))).toBe(false)
  },
)

test('compares names that are not UTF-8 byte by byte', () => {
  const sources = makeSources(['lxc'], ['lxc'])
  const make = (mount: string | null) => mkdirSync(Buffer.concat([Buffer.from(`${mount}/`), NOT_UTF8]))
  make(sources.controller)
  expect(hasV1Containers(sources)).toBe(true)
  make(sources.root)
  expect(hasV1Containers(sources)).toBe(false)
})

test.each([['system.slice/nginx.service'], ['user.slice/user-1000.slice'], ['by/hand']])(
  'finds no container of v1 in a cgroup of something else: %s',
  (path) => {
    expect(hasV1Containers(makeSources([path], []))).toBe(false)
  },
)

test.each([
  [`5:pids:/docker/${ID}\n0::/\n`, true],
  [`5:pids:/docker/${ID}\n0::/system.slice/containerd.service\n`, true],
  [`12:cpu,cpuacct:/lxc/web\n1:name=systemd:/\n`, true],
  [`5:pids:/docker/${ID}\n0::/docker/${ID}\n`, false],
  [`0::/docker/${ID}\n`, false],
  ['5:pids:/user.slice\n0::/user.slice/user-0.slice/session-1.scope\n', false],
  ['', false],
])('finds containers of v1 in the cgroups of a process, %j: %s', (text, isOnlyInV1) => {
  expect(hasV1Containers(makeSources([], [], ['0::/\n', text]))).toBe(isOnlyInV1)
})

test('skips a mount that no longer exists', () => {
  const { mountinfo } = makeSources([], [])
  const gone = `${mountinfo}42 31 0:39 / /no/such/mount rw - cgroup cgroup rw,memory\n`
  expect(hasV1Containers({ mountinfo: gone, root: null, processes: [], isCut: false })).toBe(false)
})

test('reports an unknown result if it cannot inspect all processes (GAP-18)', () => {
  const sources = makeSources([], [])
  expect(hasV1Containers({ ...sources, isCut: true })).toBeNull()
  expect(hasV1Containers({ ...sources, processes: [`5:pids:/docker/${ID}\n0::/\n`], isCut: true })).toBe(true)
  // Without v1 controllers there are no v1 containers.
  expect(hasV1Containers({ ...sources, mountinfo: '', processes: ['0::/\n'], isCut: true })).toBe(false)
})
