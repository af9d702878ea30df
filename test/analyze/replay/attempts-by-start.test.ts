import { expect, test } from 'vitest'
import { attemptsByStart } from '../../../src/analyze/replay/attempts-by-start.js'
import { countReads } from '../../support/count-work.js'
import type { SessionPart } from '../../../src/analyze/scan/scope.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'

const attempt = (ms: number) => ({ startedNs: BigInt(ms) * 1_000_000n })

function readStarts(file: string, raw = {}): number[] {
  return inScope([file], raw, (scope) => [...attemptsByStart(scope, scope.parts[0]!)])
}

test('attempts are sorted by start, also across batches', () => {
  const { file } = makeSampleTrace({ batches: [[attempt(5), attempt(2)], [attempt(4), attempt(9)], [attempt(1)]] })
  expect(readStarts(file)).toEqual([5, 2, 3, 1, 4])
})

test('batches outside of the time range are left out', () => {
  const { file } = makeSampleTrace({ batches: [[attempt(0)], [attempt(5000), attempt(3000)], [attempt(9000)]] })
  expect(readStarts(file, { since: '+2s', until: '+6s' })).toEqual([3, 2])
})

test('a clock that was set a hundred thousand times is searched once, not for each batch', () => {
  const { db, file } = makeSampleTrace({ batches: [[attempt(59_000), attempt(58_000)]] })
  const many = (count: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${count})`
  db.exec(`
    ${many(100_000)} INSERT INTO clock_offset SELECT 1, i * 590000, 1700000000000000000 + i FROM n;
    ${many(20_000)} INSERT INTO batch SELECT i + 10, 1, i + 10, 1, 0, 58000000000, 59000000000, 0, 0, 0, 0, 0 FROM n`)
  inScope([file], {}, (scope) => {
    const [part] = scope.parts as [SessionPart]
    const { array: segments, reads } = countReads(part.segments)
    expect(segments.length).toBeGreaterThan(90_000)
    expect([...attemptsByStart(scope, { ...part, segments })]).toEqual([2, 1])
    // All of them some times, and those of a binary search for each batch.
    expect(reads()).toBeLessThan(10 * 100_000 + 20_000 * 40)
  })
  db.close()
})
