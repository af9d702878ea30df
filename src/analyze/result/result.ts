/**
 * The type of a column, which determines alignment and scaling in tables. Raw values are ns for `duration`, Unix ns (bigint) for
 * `time`, attempts per second for `rate`.
 */
export type ColumnKind = 'text' | 'count' | 'percent' | 'duration' | 'time' | 'rate' | 'number'

/** A typed column. Its name includes the unit and is the key in JSON: `p50_ns`. */
export interface Column {
  readonly name: string
  /** Heading in tables */
  readonly heading: string
  readonly kind: ColumnKind
  /** Whether typed formats store doubles, even if no value has a fraction. */
  readonly isFraction?: boolean
  /** Whether values other than 0 are red on a terminal. */
  readonly isFailure?: boolean
  /** Whether tables leave it out; data formats have all columns. */
  readonly isHidden?: boolean
  /** Order in which a table that is too wide drops columns: 1 first, columns without a number last. */
  readonly leaveOut?: number
  /** Minimum width of a text, for texts that are useless without their end. */
  readonly minWidth?: number
}

/** Integers above 2^53 are bigints. */
export type Value = string | number | bigint | null

export type Row = readonly Value[]

/** A column and its value for the item of a row. */
export interface ValueColumn<Item> extends Column {
  readonly value: (item: Item) => Value
}

/** Printed in place of a table without rows, unless the query has its own text. */
export const NO_ATTEMPTS = 'no attempts match'

/** Rows of a built-in query, each as long as `columns`. */
export interface Result {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** Rows of tables, if different: texts stand for omitted rows. */
  readonly shownRows?: readonly (Row | string)[]
  /** Number of rows beyond the limit. */
  readonly hiddenRows: number
  /** Printed first, like lost attempts; on stderr for data formats. */
  readonly warnings?: readonly string[]
  /** Printed below a table: accuracy, and what is left out. */
  readonly notes: readonly string[]
  /** Printed in place of a table without rows; default: `NO_ATTEMPTS`. */
  readonly whenEmpty?: string
  /** A chart above the table: lines of at most `width` columns. */
  readonly chart?: (width: number) => readonly string[]
  /** Whether the chart replaces the table. */
  readonly isChartOnly?: boolean
}
