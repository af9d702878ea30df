import { Zstd } from '@hpcc-js/wasm-zstd'
import { expect, test } from 'vitest'
import { loadZstd } from '../../../../src/analyze/export/parquet/zstd.js'

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 8)

test('a frame has exactly the bytes that were compressed', async () => {
  const compress = await loadZstd()
  const zstd = await Zstd.load()
  for (const bytes of [BYTES, BYTES.subarray(0, 1), new Uint8Array(0)]) {
    const frame = compress(bytes)
    expect([...frame.subarray(0, 4)]).toEqual([0x28, 0xb5, 0x2f, 0xfd])
    expect(Buffer.from(zstd.decompress(frame)).equals(bytes)).toBe(true)
  }
})

test('the library returns results through the function that copies them at once', async () => {
  const compress = await loadZstd()
  const { _mainModule: heap } = (await Zstd.load()) as unknown as {
    readonly _mainModule: { heapToUint8Array(block: object): Uint8Array }
  }
  const copy = heap.heapToUint8Array
  let copies = 0
  heap.heapToUint8Array = (block) => {
    copies++
    return copy(block)
  }
  try {
    compress(BYTES)
  } finally {
    heap.heapToUint8Array = copy
  }
  expect(copies).toBe(1)
})
