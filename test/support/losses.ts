import { expect } from 'vitest'
import { queryTrace, readSession } from './trace.js'

/** Attempts lost, by cause. */
export interface Losses {
  readonly ring_full: number
  readonly map_full: number
  readonly writer_behind: number
  readonly missed: number
}

/** The losses of the session. */
export function sessionLosses(file: string): Losses {
  const row = readSession(file)
  return {
    ring_full: row.lost_ring_full_count,
    map_full: row.lost_map_full_count,
    writer_behind: row.lost_writer_behind_count,
    missed: row.lost_missed_count,
  }
}

/** The sums of the losses of its batches. */
export function batchLosses(file: string): Losses {
  const [row] = queryTrace<Losses>(
    file,
    `SELECT sum(lost_ring_full_count) AS ring_full, sum(lost_map_full_count) AS map_full,
       sum(lost_writer_behind_count) AS writer_behind, sum(lost_missed_count) AS missed FROM batch`,
  )
  return row as Losses
}

export function sumLosses({ ring_full, map_full, writer_behind, missed }: Losses): number {
  return ring_full + map_full + writer_behind + missed
}

/** Recorded attempts of one network namespace. */
export function countRecorded(file: string, netns: number): number {
  const [row] = queryTrace<{ count: number }>(
    file,
    'SELECT count(*) AS count FROM connect_attempt JOIN process USING (process_id) WHERE netns = ?',
    netns,
  )
  return row?.count ?? 0
}

/**
 * Expects the summary to print that recorded + lost is the kernel's count. The namespace of a lost attempt is unknown:
 * if a namespace appeared or disappeared meanwhile, the sum proves nothing.
 */
export function expectEqualSum(file: string, summary: string): void {
  if (readSession(file).uncomparable_attempts === 0) expect(summary).toMatch(/^completeness: .* = the kernel's /m)
}
