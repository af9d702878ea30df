import { afterEach, expect, test, vi } from 'vitest'
import { UsageError } from '../../../src/base/errors.js'
import type { Libbpf } from '../../../src/record/native/libbpf.js'
import { CGROUPMAP, MNTNSMAP, openPinnedMap, type PinnedMapShape } from '../../../src/record/probe/pinned-map.js'

const HASH = 1
const LRU_HASH = 9
const ARRAY = 2

const descriptor = vi.hoisted(() => ({ file: 'anon_inode:bpf-map' }))

// Descriptors of maps require privileges: a fake libbpf describes what a descriptor refers to.
vi.mock('node:fs', async (importActual) => {
  const fs = await importActual<typeof import('node:fs')>()
  return { ...fs, readlinkSync: () => descriptor.file }
})

afterEach(() => void (descriptor.file = 'anon_inode:bpf-map'))

/** The functions of libbpf that are called, with the answers for a map of this type and shape. */
function libbpfWith(type: number, keyBytes: number, valueBytes: number, infoStatus = 0): Libbpf {
  return {
    getPinned: () => 42,
    getInfo(_fd: number, info: Uint8Array) {
      new Uint32Array(info.buffer).set([type, 1, keyBytes, valueBytes])
      return infoStatus
    },
  } as unknown as Libbpf
}

function refusal(libbpf: Libbpf, shape: PinnedMapShape): UsageError {
  try {
    openPinnedMap(libbpf, '/sys/fs/bpf/map', shape)
  } catch (error) {
    return error as UsageError
  }
  throw new Error('it was taken')
}

test.each([
  [CGROUPMAP, HASH, 8],
  [CGROUPMAP, LRU_HASH, 8],
  [MNTNSMAP, HASH, 4],
] as const)('accepts a hash of the right shape: %o', (shape, type, valueBytes) => {
  expect(openPinnedMap(libbpfWith(type, 8, valueBytes), '/sys/fs/bpf/map', shape)).toBe(42)
})

test.each([
  ['a map of type 2, not a hash', CGROUPMAP, libbpfWith(ARRAY, 8, 8)],
  ['its keys have 4 bytes, its values 8', CGROUPMAP, libbpfWith(HASH, 4, 8)],
  ['its keys have 8 bytes, its values 8', MNTNSMAP, libbpfWith(HASH, 8, 8)],
  ['its keys have 8 bytes, its values 4', CGROUPMAP, libbpfWith(HASH, 8, 4)],
  ['no readable pinned map', MNTNSMAP, libbpfWith(HASH, 8, 4, -22)],
])('reports %s', (why, shape, libbpf) => {
  const error = refusal(libbpf, shape)
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toContain(`${shape.option}: "/sys/fs/bpf/map"`)
  expect(error.reason).toMatch(/pinned BPF hash of .* \(8-byte keys, [48]-byte values\)/)
  expect(error.reason).toContain(`here: ${why}`)
})

test('gives the same error for a missing file, another kind of file, and a pinned program', () => {
  const failing = (error: number) => ({ getPinned: () => error }) as unknown as Libbpf
  const missing = refusal(failing(-2), MNTNSMAP)
  expect(missing.reason).toMatch(/here: no readable pinned map$/)
  for (const error of [-1, -13, -20, -22]) expect(refusal(failing(error), MNTNSMAP)).toEqual(missing)
  descriptor.file = 'anon_inode:bpf-prog'
  expect(refusal(libbpfWith(HASH, 8, 4), MNTNSMAP)).toEqual(missing)
})
