import { expect, test } from 'vitest'
import { coverPart } from '../../../src/analyze/scan/plan-scan.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'

/** Windows of 10 s each, of two batches, and one batch after them; one attempt a second. */
function makeTrace() {
  const second = (s: number) => ({ startedNs: BigInt(s) * 1_000_000_000n })
  const batch = (from: number) => Array.from({ length: 5 }, (_, i) => second(from + i))
  return makeSampleTrace({ batches: [batch(0), batch(5), null, batch(10), batch(15), null, batch(20)], goodbye: false })
}

function cover(raw: RawScope, usesSums: boolean, trace = makeTrace()) {
  return inScope([trace.file], raw, (scope) => {
    const { windowIds, ranges } = coverPart(scope.parts[0]!, usesSums)
    return [windowIds, ranges.map(({ first, last }) => [first, last])]
  })
}

test.each([
  ['all', {}, true, [[1, 2], [[21, 25]]]],
  ['every attempt', {}, false, [[], [[1, 25]]]],
  ['a window and a half', { since: '+5s', until: '+20s' }, true, [[2], [[6, 10]]]],
  ['inside a batch', { since: '+6s', until: '+7s' }, true, [[], [[6, 10]]]],
  ['only the end', { since: '+22s' }, true, [[], [[21, 25]]]],
  ['nothing', { since: '+50s', until: '+55s' }, true, [[], []]],
] as const)('%s', (_, raw, usable, wanted) => {
  expect(cover(raw, usable)).toEqual(wanted)
})

test('windows of format version 1 have no sums', () => {
  const trace = makeTrace()
  trace.db.exec('DELETE FROM window_sums WHERE window_id = 1')
  expect(cover({}, true, trace)).toEqual([
    [2],
    [
      [1, 10],
      [21, 25],
    ],
  ])
})
