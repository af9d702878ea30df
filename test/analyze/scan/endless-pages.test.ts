import { openSync, closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findLeafPages } from '../../../src/analyze/scan/table-pages.js'
import { countReadBytes } from '../../support/count-work.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const PAGE_BYTES = 4096
const CELLS = 400

/** An interior page all of whose children are the same page. */
function fanPage(child: number): Uint8Array {
  const page = new DataView(new ArrayBuffer(PAGE_BYTES))
  page.setUint8(0, 5)
  page.setUint16(3, CELLS)
  page.setUint32(8, child)
  for (let cell = 0; cell < CELLS; cell++) {
    const pointer = PAGE_BYTES - 6 * (cell + 1)
    page.setUint16(12 + 2 * cell, pointer)
    page.setUint32(pointer, child)
    page.setUint8(pointer + 4, 100)
  }
  return new Uint8Array(page.buffer)
}

test('a file whose pages refer to each page 400 times is refused before more pages than it has are read', () => {
  const depth = 12
  const leaf = new Uint8Array(PAGE_BYTES)
  leaf[0] = 13
  const path = join(makeTemporaryDirectory(), 'fan.db')
  const fans = Array.from({ length: depth }, (_, i) => fanPage(i + 3))
  writeFileSync(path, Buffer.concat([new Uint8Array(PAGE_BYTES), ...fans, leaf]))
  const fd = openSync(path, 'r')
  onTestFinished(() => closeSync(fd))
  const pages = () => findLeafPages({ path, fd, pageBytes: PAGE_BYTES, rootPage: 2 }, 1, 1000)
  const bytes = countReadBytes(() => {
    expect(pages).toThrow(
      expect.objectContaining({ code: 'E_DAMAGED_TRACE', reason: expect.stringContaining('more pages') }),
    )
  })
  // Each page of the way down, and once more to see whether it is a leaf.
  expect(bytes).toBeLessThan(4 * depth * PAGE_BYTES)
})
