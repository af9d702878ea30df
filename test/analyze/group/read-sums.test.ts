import { describe, expect, test } from 'vitest'
import { readSums } from '../../../src/analyze/group/read-sums.js'
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
  [...readSums({ db, path: 'trace.db' }, ids, 'endpoint')].map(({ blob }) => String(blob))
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

  test('of different dimensions have separate roll-ups', () => {
    const db = makeTrace(4, [[1, 4]])
    db.exec(`INSERT INTO window_sums SELECT window_id, 'process', CAST(window_id || 'p' AS BLOB) FROM window_sums`)
    const sums = [...readSums({ db, path: 'trace.db' }, upTo(4), 'process')].map(({ blob }) => String(blob))
    expect(sums).toEqual(['1p', '2p', '3p', '4p'])
  })

  test.each([
    ['missing', `DELETE FROM window_sums WHERE window_id = 2`],
    ['too long', `UPDATE window_sums SET sums = zeroblob(${2 ** 26 + 1}) WHERE window_id = 2`],
    ['too long in a roll-up', `UPDATE window_rollup SET sums = zeroblob(${2 ** 26 + 1})`],
  ])('that are %s are no zero', (_, statement) => {
    const db = makeTrace(4, [[3, 4]])
    expect(read(db, upTo(4))).toEqual(['1', '2', '3-4'])
    db.exec(statement)
    expect(() => read(db, upTo(4))).toThrow(expect.objectContaining({ code: 'E_DAMAGED_TRACE' }))
  })

  test('are read once, also with overlapping roll-ups in a damaged file', () => {
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
