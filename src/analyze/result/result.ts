/** What a column holds; decides how it is aligned and scaled where it is shown. */
export type ColumnKind = 'text' | 'count' | 'percent' | 'duration'

/** A typed column. Its name carries the unit and is the key in JSON: `p50_ns`. */
export interface Column {
  readonly name: string
  /** Heading in tables */
  readonly heading: string
  readonly kind: ColumnKind
}

export type Value = string | number | null

/** Rows of a stored query, each as long as `columns`. */
export interface Result {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Value[])[]
  /** Said below a table: accuracy, and what was left out. */
  readonly notes: readonly string[]
}
