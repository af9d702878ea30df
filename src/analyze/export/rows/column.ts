/** Types of exported columns. `timestamp` is ns since 1970 without a time zone, in UTC. */
export type ColumnType = 'utf8' | 'uint8' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'timestamp' | 'double'

/** A column, independent of the format. */
export interface ExportColumn<Name extends string = string> {
  readonly name: Name
  readonly type: ColumnType
  readonly isNullable: boolean
  /** Meaning and unit, for the metadata of the file */
  readonly comment: string
  /** For texts: all values, if known before the first row. */
  readonly dictionary?: Dictionary
}

/** Distinct values by code, in order of appearance. Values are only added. */
export type Dictionary = readonly (string | number | bigint)[]

/** A value per row as its code in a dictionary; -1 is NULL. For texts and for numbers that repeat. */
export interface CodedValues {
  readonly kind: 'coded'
  readonly codes: Int32Array
  readonly dictionary: Dictionary
  /** Whether all rows have the first code; the others are not set. */
  readonly isConstant: boolean
  /** Whether no code is -1. */
  readonly isPresent: boolean
}

/** 64-bit integers as pairs of 32-bit halves, the lower one first: the memory of a BigInt64Array. */
export interface LongValues {
  readonly kind: 'longs'
  readonly halves: Int32Array
  /** 1 for NULL, by row; `null`: no row is NULL */
  readonly nulls: Uint8Array | null
}

export interface DoubleValues {
  readonly kind: 'doubles'
  readonly values: Float64Array
  readonly nulls: Uint8Array | null
}

export type ColumnValues = CodedValues | LongValues | DoubleValues

/** A batch of rows by column. Arrays may be longer than the batch. */
export interface RowBatch {
  readonly rowCount: number
  /** Values of a column, valid until the next call or the next batch. */
  values(position: number): ColumnValues
}

/** Columns of all batches, in order. */
export type ExportSchema = readonly ExportColumn[]

/** Creates a file in pieces, which are written in order. */
export interface BatchWriter {
  /** The bytes of a batch, valid until the batch after the next one. */
  add(batch: RowBatch): readonly Uint8Array[]
  /** The rest of the file. */
  finish(): readonly Uint8Array[]
}

/** Metadata of a file. */
export type FileMetadata = ReadonlyMap<string, string>
