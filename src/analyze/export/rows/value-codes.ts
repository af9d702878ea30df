import { TcpconnError } from '../../../base/errors.js'
import type { ColumnType, Dictionary } from './column.js'

/** Smaller numbers need no hashing: ports, error numbers, many process ids. */
const DIRECT = 1 << 16

const RANGES: Partial<Record<ColumnType, readonly [min: number, max: number]>> = {
  uint8: [0, 255],
  uint16: [0, 65_535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
}

/** Assigns codes to values in order of appearance. */
export interface ValueCodes<T extends string | number | bigint> {
  readonly dictionary: Dictionary
  /** Accepts a bigint instead of a number. */
  readonly isLong: boolean
  /** @throws E_DAMAGED_TRACE for a number that exceeds the type of the column */
  codeOf(value: T): number
}

export function createTextCodes(): ValueCodes<string> {
  return createCodes(false, () => {})
}

export function createLongCodes(): ValueCodes<bigint> {
  return createCodes(true, () => {})
}

export function createNumberCodes(name: string, type: ColumnType): ValueCodes<number> {
  const { dictionary, codeOf } = createCodes<number>(false, (value) => requireRange(name, type, value))
  const direct = new Int32Array(DIRECT).fill(-1)
  return {
    dictionary,
    isLong: false,
    codeOf(value) {
      if (!(value >= 0 && value < DIRECT)) return codeOf(value)
      const known = direct[value]
      // Not there at all: no integer.
      if (known === undefined) return codeOf(value)
      if (known >= 0) return known
      return (direct[value] = codeOf(value))
    },
  }
}

function createCodes<T extends string | number | bigint>(isLong: boolean, check: (value: T) => void): ValueCodes<T> {
  const codes = new Map<T, number>()
  const dictionary: T[] = []
  return {
    dictionary,
    isLong,
    codeOf(value) {
      const known = codes.get(value)
      if (known !== undefined) return known
      check(value)
      codes.set(value, dictionary.length)
      return dictionary.push(value) - 1
    },
  }
}

function requireRange(name: string, type: ColumnType, value: number): void {
  const [min, max] = RANGES[type] ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new TcpconnError('E_DAMAGED_TRACE', {
    what: `the trace holds a ${name} that cannot be`,
    reason: `${value} is no integer from ${min} to ${max}`,
    hint: 'tcpconn never writes such a value: the file was changed by something else',
  })
}
