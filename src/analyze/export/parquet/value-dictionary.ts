import type { CodedValues, ColumnType, Dictionary } from '../rows/column.js'
import type { EncodeScratch } from './encode-levels.js'
import { putBytes, putLittleEndian, type ByteBuffer } from '../../../sums/byte-buffer.js'
import { plainBytes } from './parquet-types.js'
import { createValueRange, type Statistics } from './statistics.js'

/** The values of a column in a row group, numbered in order of appearance. */
export interface ValueDictionary {
  readonly size: number
  /**
   * Sets which of `count` rows have a value, and compacts the numbers of the values. All codes of a row group belong to one
   * dictionary. If all rows have a value, or none, levels are not set per row.
   * @returns the number of values
   */
  translate(values: CodedValues, count: number, target: Pick<EncodeScratch, 'levels' | 'present'>): number
  /** Writes the values in PLAIN encoding and clears them. */
  putValues(buffer: ByteBuffer, statistics: Statistics): void
}

export function createValueDictionary(type: ColumnType): ValueDictionary {
  /** By code: the number plus one; 0: no number yet. */
  let numbers = new Int32Array(1024)
  let used: number[] = []
  let values: Dictionary = []
  const numberOf = (code: number) => {
    if (numbers[code] === 0) numbers[code] = used.push(code)
    return (numbers[code] as number) - 1
  }
  return {
    get size() {
      return used.length
    },
    translate({ codes, dictionary, isConstant, isPresent }, count, { levels, present }) {
      values = dictionary
      if (dictionary.length > numbers.length) numbers = grow(numbers, dictionary.length)
      if (isConstant) {
        if (!isPresent) return 0
        present.fill(numberOf(codes[0] as number), 0, count)
        return count
      }
      if (isPresent) {
        for (let i = 0; i < count; i++) {
          const number = numbers[codes[i] as number] as number
          present[i] = number === 0 ? numberOf(codes[i] as number) : number - 1
        }
        return count
      }
      let kept = 0
      for (let i = 0; i < count; i++) {
        const code = codes[i] as number
        if (code < 0) {
          levels[i] = 0
          continue
        }
        const number = numbers[code] as number
        levels[i] = 1
        present[kept++] = number === 0 ? numberOf(code) : number - 1
      }
      return kept
    },
    putValues(buffer, statistics) {
      const note = createValueRange(statistics, type)
      for (const code of used) {
        const value = values[code] as string | number | bigint
        const bytes = plainBytes(type, value)
        note(value, bytes)
        if (type === 'utf8') putLittleEndian(buffer, bytes.length, 4)
        putBytes(buffer, bytes)
        numbers[code] = 0
      }
      used = []
    },
  }
}

function grow(numbers: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(length, numbers.length * 2))
  larger.set(numbers)
  return larger
}
