/** Columns of connect_attempt in the order of the table. */
export const ATTEMPT_COLUMNS = [
  'attempt_id',
  'session_id',
  'started_ns',
  'latency_ns',
  'outcome',
  'errno',
  'syn_retransmits',
  'flags',
  'process_id',
  'tid_delta',
  'endpoint_id',
  'local_endpoint',
] as const

export type AttemptColumn = (typeof ATTEMPT_COLUMNS)[number]

/** Position of each column in `AttemptRow`. */
export const AT = Object.fromEntries(ATTEMPT_COLUMNS.map((name, i) => [name, i])) as Record<AttemptColumn, number>

/**
 * One attempt: a number per column of `ATTEMPT_COLUMNS`, NaN for NULL. The array is reused for every row. Only the requested
 * columns are filled.
 */
export type AttemptRow = Float64Array
