import { expect } from 'vitest'
import { queryTrace } from './trace.js'

/** Batches that do not begin at the end of the previous one. */
const GAPS = `
  SELECT * FROM (
    SELECT first_attempt_id, lag(first_attempt_id + attempt_count, 1, 1) OVER (ORDER BY batch_id) AS expected FROM batch
  ) WHERE first_attempt_id <> expected`

const ROWS = `SELECT (SELECT sum(attempt_count) FROM batch) AS in_batches, (SELECT count(*) FROM connect_attempt) AS rows`

/** Expects an undamaged file whose batches cover all rows without a gap, and a view that has all of them. */
export function expectWholeTrace(file: string): void {
  expect(queryTrace(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(queryTrace(file, 'PRAGMA foreign_key_check')).toEqual([])
  expect(queryTrace(file, GAPS)).toEqual([])
  const [counts] = queryTrace<{ in_batches: number; rows: number }>(file, ROWS)
  expect(counts?.in_batches ?? 0).toBe(counts?.rows)
  expect(queryTrace(file, 'SELECT count(*) AS rows FROM connects')).toEqual([{ rows: counts?.rows }])
}
