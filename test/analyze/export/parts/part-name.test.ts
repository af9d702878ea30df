import { describe, expect, onTestFinished, test } from 'vitest'
import { createPartName } from '../../../../src/analyze/export/parts/part-name.js'
import { NO_ATTEMPT_FILTERS, type AttemptFilters } from '../../../../src/analyze/scan/attempt-filters.js'
import type { ClockSegment } from '../../../../src/analyze/scan/clock-segments.js'
import type { Trace } from '../../../../src/analyze/scan/trace.js'
import { makeSampleTrace } from '../../sample-trace.js'

const SEGMENTS: readonly ClockSegment[] = [{ fromNs: -Infinity, toNs: 5e9, unixOffsetNs: 1_700_000_000_000_000_000n }]
const A = { address: Uint8Array.of(10, 0, 0, 0), length: 8 }
const B = { address: Uint8Array.of(192, 168, 0, 0), length: 16 }

/** The hash in the name of a file. */
function selectionOf(filters: Partial<AttemptFilters>, segments = SEGMENTS): string | undefined {
  const { db } = makeSampleTrace({ batches: [[{}]] })
  onTestFinished(() => void db.close())
  const part = { trace: { db } as Trace, sessionId: 1, host: 'web1', segments }
  const scope = { parts: [part], filters: { ...NO_ATTEMPT_FILTERS, ...filters }, isExact: false }
  return /-1-2-([0-9a-f]{12})(?:-unfinished)?\.parquet$/.exec(createPartName(scope, part).file(1, 2))?.[1]
}

describe('the selection in the name of a file', () => {
  test('stays the same in later versions, as archives have such files', () => {
    expect(selectionOf({ ports: [443, 80], family: 4, destinations: [A], outcomes: ['refused'] })).toBe('c1f69cb72403')
    expect(selectionOf({})).toBe('a4a4d603af92')
  })

  test('does not depend on the order of filters and of their values, nor on filters that are not set', () => {
    const expected = selectionOf({ ports: [80, 443], comms: ['curl'], destinations: [A, B] })
    const pods = [{ namespace: 'shop', name: 'cart-0' }]
    expect(selectionOf({ destinations: [B, A], comms: ['curl'], ports: [443, 80] })).toBe(expected)
    const later = { added: [], other: null, ports: [80, 443], comms: ['curl'], destinations: [A, B] }
    expect(selectionOf(later)).toBe(expected)
    expect(selectionOf({ pods })).toBe(selectionOf({ pods: [{ name: 'cart-0', namespace: 'shop' }] }))
  })

  test('differs for other filters, values and times', () => {
    const selections = [
      selectionOf({}),
      selectionOf({ ports: [80] }),
      selectionOf({ pids: [80] }),
      selectionOf({ users: [80] }),
      selectionOf({ users: ['80'] }),
      selectionOf({ minLatencyNs: 80 }),
      selectionOf({ family: 4 }),
      selectionOf({ family: 6 }),
      selectionOf({ comms: ['a', 'b'] }),
      selectionOf({ comms: ['a","b'] }),
      selectionOf({ destinations: [A] }),
      selectionOf({ destinations: [{ ...A, length: 9 }] }),
      selectionOf({}, [{ ...SEGMENTS[0]!, toNs: 6e9 }]),
    ]
    expect(selections).not.toContain(undefined)
    expect(new Set(selections).size).toBe(selections.length)
  })
})
