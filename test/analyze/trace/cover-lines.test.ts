import { expect, test } from 'vitest'
import { coverLines } from '../../../src/analyze/trace/cover-lines.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace, type SessionParts } from '../sample-trace.js'

const linesOf = (...sessions: readonly SessionParts[]) =>
  inScope([makeSampleTrace(...sessions).file], { session: 'all' }, ({ parts }) => coverLines(parts))

const ONE: SessionParts = { batches: [[{}]] }

test('a few sessions have a line each', () => {
  expect(linesOf(ONE, ONE, ONE, ONE, ONE)).toHaveLength(5)
})

test('many are summed up', () => {
  const lost = { ...ONE, loss: { ringFull: 1, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 } }
  expect(linesOf(ONE, lost, { ...ONE, filters: '{"port":[80]}' }, ONE, ONE, { ...ONE, goodbye: false })).toEqual([
    '6 sessions: 3 complete, 1 incomplete, 2 unchecked; tcpconn info FILE says why of each',
  ])
  expect(linesOf(ONE, ONE, ONE, ONE, ONE, ONE)[0]).toMatch(/^6 sessions: 6 complete;/)
})
