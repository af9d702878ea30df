/**
 * What a column holds; decides how it is aligned and scaled where it is shown. Raw values are ns for `duration`, Unix ns
 * (bigint) for `time`, attempts per second for `rate`.
 */
export type ColumnKind = 'text' | 'count' | 'percent' | 'duration' | 'time' | 'rate' | 'number'

/** A typed column. Its name carries the unit and is the key in JSON: `p50_ns`. */
export interface Column {
  readonly name: string
  /** Heading in tables */
  readonly heading: string
  readonly kind: ColumnKind
  /** A double in formats with types, also where no value has a fraction. */
  readonly isFraction?: boolean
  /** Shown in red on a terminal where it is not 0. */
  readonly isFailure?: boolean
  /** Left out of tables, not of the formats for machines. */
  readonly isHidden?: boolean
  /** Where a table is too wide, columns with a 1 are left out first, then those with a 2, and those without any last. */
  readonly leaveOut?: number
  /** Cells below which a text is not cut: one that is of no use without its end. */
  readonly minWidth?: number
}

/** Integers beyond 2^53 come as bigint. */
export type Value = string | number | bigint | null

export type Row = readonly Value[]

/** What is said instead of a table that has no rows, where the query knows nothing better. */
export const NO_ATTEMPTS = 'no attempts match'

/** Rows of a stored query, each as long as `columns`. */
export interface Result {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** What a table has in their place: texts stand for rows that are left out. */
  readonly shownRows?: readonly (Row | string)[]
  /** Rows that the limit left out. */
  readonly hiddenRows: number
  /** Said before everything else, as loss of attempts is, and on stderr where there is no report. */
  readonly warnings?: readonly string[]
  /** Said below a table: accuracy, and what was left out. */
  readonly notes: readonly string[]
  /** Said in a table when there are no rows; `NO_ATTEMPTS` without it. */
  readonly whenEmpty?: string
  /** Drawn above the table, for terminals only: lines at most `width` wide. */
  readonly chart?: (width: number) => readonly string[]
  /** The chart says it all: no table below it. */
  readonly isChartOnly?: boolean
}
