/** Types of exported columns. `timestamp` is ns since 1970 without a time zone, in UTC. */
export type ColumnType = 'utf8' | 'uint8' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'timestamp' | 'double'

/** What a column is, whatever it is written as. */
export interface ExportColumn {
  readonly name: string
  readonly type: ColumnType
  readonly isNullable: boolean
  /** Meaning and unit, for the file's own metadata */
  readonly comment: string
  /** Of texts: all values that will ever come, known before the first row. */
  readonly dictionary?: Dictionary
}

/** Different values by their code, in the order in which they were met. It may grow, and never changes otherwise. */
export type Dictionary = readonly (string | number | bigint)[]

/** A value per row as its code in a dictionary; -1 is NULL. For texts and for numbers that repeat. */
export interface CodedValues {
  readonly kind: 'coded'
  readonly codes: Int32Array
  readonly dictionary: Dictionary
  /** All rows have the first code; the others are not filled in. */
  readonly isConstant: boolean
  /** No code is -1. */
  readonly isPresent: boolean
}

/** 64-bit integers as pairs of 32-bit halves, the lower one first: the memory of a BigInt64Array. */
export interface LongValues {
  readonly kind: 'longs'
  readonly halves: Int32Array
  /** 1 for NULL, by row; `null` when there is none */
  readonly nulls: Uint8Array | null
}

export interface DoubleValues {
  readonly kind: 'doubles'
  readonly values: Float64Array
  readonly nulls: Uint8Array | null
}

export type ColumnValues = CodedValues | LongValues | DoubleValues

/** Some rows, column by column. Arrays may be longer than there are rows. */
export interface RowBatch {
  readonly rowCount: number
  /** Values of the column at this position; void at the next call, and when the next batch is read. */
  values(position: number): ColumnValues
}

/** Columns of all batches, in their order. */
export type ExportSchema = readonly ExportColumn[]

/** Makes a file piece by piece, whatever its format. Pieces go to the file in their order, as they are. */
export interface BatchWriter {
  /** What a batch adds. Void when the next but one batch is added. */
  add(batch: RowBatch): readonly Uint8Array[]
  /** The rest of the file. */
  finish(): readonly Uint8Array[]
}

/** What a file says of itself beside its rows. */
export type FileMetadata = ReadonlyMap<string, string>
