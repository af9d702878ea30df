import { expect, test } from 'vitest'
import { UsageError } from '../../../src/errors.js'
import type { Libbpf } from '../../../src/record/probe/libbpf.js'
import { CGROUPMAP, MNTNSMAP, openPinnedMap, type PinnedMapShape } from '../../../src/record/probe/pinned-map.js'

const HASH = 1
const LRU_HASH = 9
const ARRAY = 2

/** The part of libbpf that is asked, as it answers for a map of this type and shape. */
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
] as const)('a hash of the right shape is taken: %o', (shape, type, valueBytes) => {
  expect(openPinnedMap(libbpfWith(type, 8, valueBytes), '/sys/fs/bpf/map', shape)).toBe(42)
})

test.each([
  ['it is of type 2, not a hash', CGROUPMAP, libbpfWith(ARRAY, 8, 8)],
  ['its keys have 4 bytes, its values 8', CGROUPMAP, libbpfWith(HASH, 4, 8)],
  ['its keys have 8 bytes, its values 8', MNTNSMAP, libbpfWith(HASH, 8, 8)],
  ['its keys have 8 bytes, its values 4', CGROUPMAP, libbpfWith(HASH, 8, 4)],
  ['it is not a map', MNTNSMAP, libbpfWith(HASH, 8, 4, -22)],
])('%s', (why, shape, libbpf) => {
  const error = refusal(libbpf, shape)
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toContain(`${shape.option}: "/sys/fs/bpf/map"`)
  expect(error.reason).toMatch(/pinned BPF hash of .* \(8-byte keys, [48]-byte values\)/)
  expect(error.reason).toContain(`here: ${why}`)
})

test('a file outside the BPF file system is said to be none', () => {
  const libbpf = { getPinned: () => -13 } as unknown as Libbpf
  expect(() => openPinnedMap(libbpf, '/etc/passwd', MNTNSMAP)).toThrow(
    expect.objectContaining({ reason: expect.stringMatching(/here: it is not a pinned BPF map$/) }),
  )
})

test('a path where nothing is pinned is a wrong value too', () => {
  const libbpf = { getPinned: () => -2 } as unknown as Libbpf
  expect(refusal(libbpf, MNTNSMAP).message).toContain('--mntnsmap: "/sys/fs/bpf/map"')
})
