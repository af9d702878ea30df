import { describe, expect, test } from 'vitest'
import { spanOf, type RawScope } from '../../../src/analyze/options/select-scope.js'
import { UsageError } from '../../../src/base/errors.js'
import { STARTED_UNIX_NS } from '../../record/new-trace.js'
import { createRandom } from '../../store/random.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'

function makeTrace() {
  const random = createRandom(1)
  return makeSampleTrace({ batches: [variedEvents(random, 10)] }, { batches: [variedEvents(random, 10)] })
}

describe('selected sessions', () => {
  test.each([
    [{}, [2]],
    [{ session: '1' }, [1]],
    [{ session: 'all' }, [1, 2]],
  ] as const)('%j', (raw, wanted) => {
    const ids = inScope([makeTrace().file], raw, (scope) => scope.parts.map((part) => part.sessionId))
    expect(ids).toEqual(wanted)
  })

  test('are selected in each file', () => {
    const files = [makeTrace().file, makeTrace().file]
    const parts = inScope(files, {}, (scope) => scope.parts.map((part) => [part.trace.path, part.sessionId]))
    expect(parts).toEqual(files.map((file) => [file, 2]))
  })
})

test('the time span of sessions uses the clock offset at that time', () => {
  const trace = makeTrace()
  trace.db.exec(`INSERT INTO clock_offset VALUES (2, 30000000000, ${STARTED_UNIX_NS + 3_600_000_000_000n})`)
  const span = inScope([trace.file], {}, (scope) => spanOf(scope.parts))
  expect(span).toEqual({ firstUnixNs: STARTED_UNIX_NS, lastUnixNs: STARTED_UNIX_NS + 3_660_000_000_000n })
})

test('a time range cuts the segments of a clock that was set', () => {
  const trace = makeTrace()
  trace.db.exec(`INSERT INTO clock_offset VALUES (2, 30000000000, ${STARTED_UNIX_NS - 10_000_000_000n})`)
  const segments = (raw: RawScope) => {
    return inScope([trace.file], raw, ({ parts }) => parts[0]!.segments.map(({ fromNs, toNs }) => [fromNs, toNs]))
  }
  const at = (seconds: number) => `${new Date(Number(STARTED_UNIX_NS / 1_000_000n) + seconds * 1000).toISOString()}`
  expect(segments({})).toEqual([
    [-Infinity, 30e9],
    [30e9, Infinity],
  ])
  // The clock shows 20 s to 30 s twice.
  expect(segments({ since: at(25) })).toEqual([
    [25e9, 30e9],
    [35e9, Infinity],
  ])
  expect(segments({ until: at(25) })).toEqual([
    [-Infinity, 25e9],
    [30e9, 35e9],
  ])
  expect(segments({ since: at(40) })).toEqual([[50e9, Infinity]])
})

test.each([
  [{ last: '0' }, '--last'],
  [{ last: 'x' }, '--last'],
  [{ last: '1h', since: '+1m' }, '--last'],
  [{ since: '+2m', until: '+1m' }, '--until'],
  [{ since: 'soon' }, '--since'],
  [{ session: '9' }, '--session'],
  [{ minLatency: 'slow' }, '--min-latency'],
  [{ uid: [''] }, '--uid'],
] as const)('%j is refused', (raw, option) => {
  const select = () => inScope([makeTrace().file], raw as unknown as RawScope, () => null)
  expect(select).toThrow(UsageError)
  expect(select).toThrow(option)
})
