import { expect, test } from 'vitest'
import { coverPart, type UsableSums } from '../../../src/analyze/trace/cover.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'

/** Windows of 10 s each, of two batches, and one batch after them; one attempt a second. */
function makeTrace() {
  const second = (s: number) => ({ startedNs: BigInt(s) * 1_000_000_000n })
  const batch = (from: number) => Array.from({ length: 5 }, (_, i) => second(from + i))
  return makeSampleTrace({ batches: [batch(0), batch(5), null, batch(10), batch(15), null, batch(20)], goodbye: false })
}

function cover(raw: RawScope, usable: UsableSums, trace = makeTrace()) {
  return inScope([trace.file], raw, (scope) => {
    const { windowIds, ranges } = coverPart(scope.parts[0]!, usable)
    return [windowIds, ranges.map(({ first, last }) => [first, last])]
  })
}

test.each([
  ['all', {}, 'endpoint', [[1, 2], [[21, 25]]]],
  ['all, by second', {}, 'process or second', [[1, 2], [[21, 25]]]],
  ['every attempt', {}, 'none', [[], [[1, 25]]]],
  ['a window and a half', { since: '+5s', until: '+20s' }, 'endpoint', [[2], [[6, 10]]]],
  ['inside a batch', { since: '+6s', until: '+7s' }, 'endpoint', [[], [[6, 10]]]],
  ['only the end', { since: '+22s' }, 'endpoint', [[], [[21, 25]]]],
  ['nothing', { since: '+50s', until: '+55s' }, 'endpoint', [[], []]],
] as const)('%s', (_, raw, usable, wanted) => {
  expect(cover(raw, usable)).toEqual(wanted)
})

test('windows of the first version say nothing of processes and seconds', () => {
  const trace = makeTrace()
  trace.db.exec('UPDATE latency_window SET has_processes_and_seconds = 0 WHERE window_id = 1')
  expect(cover({}, 'process or second', trace)).toEqual([
    [2],
    [
      [1, 10],
      [21, 25],
    ],
  ])
  expect(cover({}, 'endpoint', trace)).toEqual([[1, 2], [[21, 25]]])
})
