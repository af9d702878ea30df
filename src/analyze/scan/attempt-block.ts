import { AT, ATTEMPT_COLUMNS, type AttemptColumn, type AttemptRow } from './attempt-columns.js'

/**
 * Attempts by column: `columns[AT.latency_ns][i]` is the latency of attempt `i`, NaN for NULL. Other columns than the requested
 * ones are empty.
 */
export interface AttemptBlock {
  readonly columns: readonly Float64Array[]
  count: number
}

/** Receives one attempt. The array is reused for every row. */
export type TakeRow = (row: AttemptRow) => void

/** Receives attempts in the order of ids. The memory is valid until it returns. */
export type TakeBlock = (block: AttemptBlock) => void

/**
 * A block in the given memory.
 * @param rows of `columns.length * capacity` numbers
 */
export function createBlock(columns: readonly AttemptColumn[], rows: Float64Array, capacity: number): AttemptBlock {
  const nothing = new Float64Array(0)
  const positionOf = (column: AttemptColumn) => columns.indexOf(column)
  return {
    columns: ATTEMPT_COLUMNS.map((column) => {
      const position = positionOf(column)
      return position === -1 ? nothing : rows.subarray(position * capacity, (position + 1) * capacity)
    }),
    count: 0,
  }
}

/** Collects attempts in a block and passes it on when it is full. */
export interface Gathering {
  /** @param count at most the capacity */
  roomFor(count: number): AttemptBlock
  flush(): void
}

export function createGathering(columns: readonly AttemptColumn[], capacity: number, take: TakeBlock): Gathering {
  const block = createBlock(columns, new Float64Array(columns.length * capacity), capacity)
  const flush = () => {
    if (block.count > 0) take(block)
    block.count = 0
  }
  return {
    roomFor(count) {
      if (block.count + count > capacity) flush()
      return block
    },
    flush,
  }
}

/** Converts a receiver of single attempts. */
export function passRows(columns: readonly AttemptColumn[], take: TakeRow): TakeBlock {
  const positions = positionsOf(columns)
  const row = new Float64Array(ATTEMPT_COLUMNS.length)
  return (block) => {
    for (let number = 0; number < block.count; number++) {
      for (let i = 0; i < positions.length; i++) {
        const position = positions[i] as number
        row[position] = block.columns[position]![number] as number
      }
      take(row)
    }
  }
}

function positionsOf(columns: readonly AttemptColumn[]): Uint8Array {
  return Uint8Array.from(new Set(columns), (column) => AT[column])
}
