import { describe, expect, test } from 'vitest'
import { readSums } from '../../../src/analyze/sums/read-sums.js'
import { openNewTrace } from '../../record/new-trace.js'

/** A trace whose blobs say which windows they are of. */
function makeTrace(windows: number, rollups: readonly (readonly [number, number])[]) {
  const { db } = openNewTrace()
  db.pragma('foreign_keys = off')
  const insert = db.prepare(`INSERT INTO window_sums VALUES (?, 'endpoint', ?)`)
  for (let id = 1; id <= windows; id++) insert.run(id, Buffer.from(String(id)))
  for (const [first, last] of rollups) {
    db.prepare(`INSERT INTO window_rollup VALUES (?, ?, 'endpoint', ?)`).run(
      first,
      last,
      Buffer.from(`${first}-${last}`),
    )
  }
  return db
}

const read = (db: ReturnType<typeof makeTrace>, ids: readonly number[]) =>
  [...readSums(db, ids, 'endpoint')].map(String)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

describe('sums of windows', () => {
  const rollups = [
    [1, 4],
    [5, 8],
    [1, 8],
  ] as const
  test.each([
    ['the longest roll-up', upTo(10), ['1-8', '9', '10']],
    ['only what is wanted', [2, 3, 4, 5, 6, 7, 8, 9], ['2', '3', '4', '5-8', '9']],
    ['a gap in what is wanted', [1, 2, 4, 5, 6, 7, 8], ['1', '2', '4', '5-8']],
    ['nothing', [], []],
  ])('%s', (_, ids, wanted) => {
    expect(read(makeTrace(10, rollups), ids)).toEqual(wanted)
  })

  test('of another dimension have roll-ups of their own', () => {
    const db = makeTrace(4, [[1, 4]])
    expect([...readSums(db, upTo(4), 'process')]).toEqual([])
  })

  test('are each there once, whatever roll-ups a damaged file has', () => {
    const damaged = [
      [3, 6],
      [2, 4],
      [4, 2],
      [3, 3],
      [-5, 2],
      [6, 2 ** 40],
    ] as const
    expect(read(makeTrace(7, damaged), upTo(7))).toEqual(['1', '2-4', '5', '6', '7'])
  })
})
