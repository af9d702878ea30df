import { expect, test } from 'vitest'
import { renderSummary, type RecordingSummary } from '../../../src/record/summary/render-summary.js'
import { addToTotals, createTotals } from '../../../src/record/write/session-totals.js'
import { bucketOf, encodeBuckets } from '../../../src/sums/latency-histogram.js'

/** Nine quick attempts and a slow one, three failed. */
function createSummary(changes: Partial<RecordingSummary> = {}): RecordingSummary {
  const totals = createTotals()
  const buckets = encodeBuckets([bucketOf(40_000), 9, bucketOf(12_345_678), 1])
  addToTotals(totals, { entry: 0, counts: [10, 2, 1, 0, 0, 0, 0, 0, 0], maxLatencyNs: 12_345_678, buckets })
  return {
    firstPath: 'tcpconn.db',
    lastPath: 'tcpconn.db',
    files: 1,
    sessionId: 2,
    durationNs: 600e9,
    rows: 13,
    fileBytes: 123_456,
    totals,
    loss: { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 },
    lostProcesses: 0,
    completeness: { verdict: 'complete', text: "13 recorded + 0 lost = the kernel's 13 attempts (TcpActiveOpens)" },
    dns: null,
    details: [],
    ...changes,
  }
}

test('reports attempts, outcomes, latencies and completeness', () => {
  expect(renderSummary(createSummary()).join('\n')).toMatchInlineSnapshot(`
    "recorded 13 attempts in 10m00s into tcpconn.db (session 2, 123 kB)
    outcomes: 10 established, 2 refused, 1 timed_out
    latency: p50 40.2 µs, p90 40.2 µs, p99 12.3 ms, max 12.3 ms
    completeness: 13 recorded + 0 lost = the kernel's 13 attempts (TcpActiveOpens)"
  `)
})

test('loss comes first', () => {
  const [first] = renderSummary(
    createSummary({ loss: { ringFull: 5, mapFull: 0, writerBehind: 1, missed: 0, skipped: 0 } }),
  )
  expect(first).toBe('LOST 6 attempts: 5 ring full, 1 writer behind')
})

test('counts names if they were recorded, and reports lost lookups first', () => {
  const counts = { lookups: 3, named: 7, lost: 0, malformed: 0, evicted: 0 }
  expect(renderSummary(createSummary({ dns: counts }))).toContain('names: 7 of 13 attempts, from 3 lookups')
  const [first] = renderSummary(createSummary({ dns: { ...counts, lost: 2, malformed: 1 } }))
  expect(first).toBe('LOST 2 DNS packets, 1 malformed DNS packet; attempts are not affected, names may be missing')
})

test('lost details come after lost attempts', () => {
  const loss = { ringFull: 5, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }
  const lines = renderSummary(createSummary({ loss, details: ['LOST 2 connect calls: local errors may be missing'] }))
  expect(lines.slice(0, 2)).toEqual([
    'LOST 5 attempts: 5 ring full',
    'LOST 2 connect calls: local errors may be missing',
  ])
})

test('without attempts there are no outcomes and no latencies', () => {
  const lines = renderSummary(createSummary({ totals: createTotals(), rows: 0 }))
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^recorded 0 attempts in 10m00s/)
})

test('with failed attempts only there are no latencies', () => {
  const totals = createTotals()
  addToTotals(totals, { entry: 0, counts: [0, 2, 0, 0, 0, 0, 0, 1, 0], maxLatencyNs: null, buckets: null })
  const lines = renderSummary(createSummary({ totals, rows: 3 }))
  expect(lines[1]).toBe('outcomes: 2 refused, 1 pending')
  expect(lines.join()).not.toContain('latency')
})

test('one attempt is singular, and all percentiles are its latency', () => {
  const totals = createTotals()
  const buckets = encodeBuckets([bucketOf(1_000_000), 1])
  addToTotals(totals, { entry: 0, counts: [1, 0, 0, 0, 0, 0, 0, 0, 0], maxLatencyNs: 1_000_000, buckets })
  const lines = renderSummary(createSummary({ totals, rows: 1 }))
  expect(lines[0]).toMatch(/^recorded 1 attempt in/)
  expect(lines).toContain('latency: p50 1.00 ms, p90 1.00 ms, p99 1.00 ms, max 1.00 ms')
})

test('escapes terminal control characters in the path', () => {
  const text = renderSummary(createSummary({ lastPath: 'a\x1b]0;b\x07.db' })).join('\n')
  expect(text).not.toContain('\x1b')
  expect(text).toContain('into a\\x1b]0;b\\x07.db (')
})

test('names the first and the last file of a rotating recording', () => {
  const names = { firstPath: 'a-20261125T221500Z.db', lastPath: 'a-20261125T231500Z.db' }
  const [line] = renderSummary(createSummary({ ...names, files: 2, durationNs: 7200e9 }))
  expect(line).toBe(
    'recorded 13 attempts in 2h00m00s into 2 files, a-20261125T221500Z.db to a-20261125T231500Z.db (123 kB)',
  )
})
