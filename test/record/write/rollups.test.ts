import { expect, test } from 'vitest'
import { createRollups } from '../../../src/record/write/rollups.js'
import type { Transaction } from '../../../src/record/write/transaction.js'
import { mergeSums } from '../../../src/sums/merge-sums.js'
import { countStatements } from '../../support/count-work.js'
import { openNewTrace } from '../new-trace.js'
import { makeWindows } from './make-windows.js'

const inPlace: Transaction = (body) => body()
const DIMENSIONS = ['endpoint', 'process', 'second']

function rollupsOf(db: ReturnType<typeof makeWindows>) {
  const sql = 'SELECT first_window_id, last_window_id, dimension, sums FROM window_rollup ORDER BY 1, 2, 3'
  return db.prepare(sql).raw().all() as [number, number, string, Buffer][]
}

test('sixteen windows become one rollup, and sixteen rollups become one of the next level', () => {
  const db = makeWindows(16 * 16 + 20)
  const rollups = rollupsOf(db)
  const ranges = [...new Set(rollups.map(([first, last]) => `${first}-${last}`))]
  const small = Array.from({ length: 17 }, (_, i) => `${16 * i + 1}-${16 * i + 16}`)
  expect(new Set(ranges)).toEqual(new Set([...small, '1-256']))
  for (const [first, last, dimension, sums] of rollups) {
    const windows = db
      .prepare('SELECT sums FROM window_sums WHERE dimension = ? AND window_id BETWEEN ? AND ? ORDER BY window_id')
      .pluck()
      .all(dimension, first, last) as Buffer[]
    expect(windows).toHaveLength(last - first + 1)
    expect(sums.equals(mergeSums(windows)), `${dimension} of ${first} to ${last}`).toBe(true)
  }
  expect(rollups).toHaveLength(ranges.length * DIMENSIONS.length)
})

test('a rollup that could not be written is written by the next step, once', () => {
  const db = makeWindows(16, { rollsUp: false })
  const rollups = createRollups(db)
  for (let windowId = 1; windowId <= 16; windowId++) rollups.add(windowId)
  const failing: Transaction = () => {
    throw new Error('locked')
  }
  expect(() => rollups.step(failing)).toThrow('locked')
  for (let step = 0; step < 6; step++) rollups.step(inPlace)
  expect(rollupsOf(db).map(([first, last, dimension]) => [first, last, dimension])).toEqual(
    DIMENSIONS.map((dimension) => [1, 16, dimension]),
  )
})

test('windows are not rolled up if a window of another session is between them', () => {
  const { db } = openNewTrace()
  const rollups = createRollups(db)
  for (let windowId = 1; windowId <= 17; windowId++) if (windowId !== 9) rollups.add(windowId)
  rollups.step(inPlace)
  expect(rollupsOf(db)).toEqual([])
})

test('sums of more than 5 MB in total are not rolled up', () => {
  const db = makeWindows(16, { rollsUp: false })
  db.exec(`UPDATE window_sums SET sums = zeroblob(400000) WHERE dimension = 'endpoint'`)
  const rollups = createRollups(db)
  for (let windowId = 1; windowId <= 16; windowId++) rollups.add(windowId)
  const { executions } = countStatements()
  for (let step = 0; step < 6; step++) rollups.step(inPlace)
  expect(executions(/SELECT length\(sums\)/)).toBe(16)
  expect(executions(/SELECT sums/)).toBe(0)
  expect(rollupsOf(db)).toEqual([])
})
