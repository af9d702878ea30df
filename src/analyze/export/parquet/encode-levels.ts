import type { ColumnValues, ExportColumn } from '../rows/column.js'
import { putHybrid, putRun } from './encode-hybrid.js'
import { createByteBuffer, type ByteBuffer } from '../../../sums/byte-buffer.js'

/** Memory shared by the columns of a file, which are encoded one at a time. */
export interface EncodeScratch {
  readonly page: ByteBuffer
  /** Which rows have a value */
  levels: Uint8Array
  /** Values of these rows only */
  present: Int32Array
}

export function createScratch(): EncodeScratch {
  return { page: createByteBuffer(1 << 16), levels: new Uint8Array(0), present: new Int32Array(0) }
}

/** Reserves space for the rows of a page. */
export function reserveRows(scratch: EncodeScratch, count: number): void {
  if (scratch.levels.length >= count) return
  scratch.levels = new Uint8Array(count)
  scratch.present = new Int32Array(count * 2)
}

/** Writes `levels`: which rows have a value. Writes nothing for a column that is never NULL. */
export function putLevels(column: ExportColumn, count: number, present: number, { page, levels }: EncodeScratch): void {
  if (!column.isNullable) {
    if (present === count) return
    throw new Error(`${column.name} is NULL in a row`)
  }
  const start = page.length
  page.length += 4
  if (present === count || present === 0) putRun(page, present === 0 ? 0 : 1, count, 1)
  else putHybrid(page, levels, count, 1)
  new DataView(page.bytes.buffer).setUint32(start, page.length - start - 4, true)
}

/**
 * Sets which rows have a value, and compacts the values.
 * @returns the number of values
 */
export function takeLongs(
  values: Exclude<ColumnValues, { kind: 'coded' }>,
  count: number,
  { levels, present }: EncodeScratch,
): number {
  const halves =
    values.kind === 'longs' ? values.halves : new Int32Array(values.values.buffer, values.values.byteOffset)
  const { nulls } = values
  if (nulls === null) {
    levels.fill(1, 0, count)
    present.set(halves.subarray(0, count * 2))
    return count
  }
  let kept = 0
  for (let i = 0; i < count; i++) {
    const isThere = nulls[i] === 0 ? 1 : 0
    levels[i] = isThere
    present[2 * kept] = halves[2 * i] as number
    present[2 * kept + 1] = halves[2 * i + 1] as number
    kept += isThere
  }
  return kept
}
