import { describe, expect, test } from 'vitest'
import { retransmits } from '../../../../src/analyze/queries/retransmits/retransmits.js'
import { exactPercentile } from '../../../store/random.js'
import { expectWithin } from '../../expect-within.js'
import { rowObjects, runQuery } from '../../query-rows.js'
import { makeSampleTrace } from '../../sample-trace.js'
import {
  SCOPE_CASES,
  connectsOfCase,
  coveredLatencies,
  groupRows,
  makeOtherHost,
  makeTwoSessions,
} from '../../scope-cases.js'

const keyOf = (row: Readonly<Record<string, unknown>>) => `${row.remote_address} ${row.remote_port}`

describe.each([1, 2])('over %i files', (fileCount) => {
  test.each(SCOPE_CASES)('every number equals that of all rows: $name', (scopeCase) => {
    const traces = [makeTwoSessions(6), makeOtherHost(7)].slice(0, fileCount)
    const naive = groupRows(connectsOfCase(traces, scopeCase), keyOf)
    const files = traces.map(({ file }) => file)
    const found = rowObjects(runQuery(retransmits, files, scopeCase.raw))
    const some = [...naive].filter(([, rows]) => rows.some((row) => Number(row.syn_retransmits) > 0))
    expect(found.map(keyOf).toSorted()).toEqual(some.map(([key]) => key).toSorted())
    for (const row of found) {
      const rows = naive.get(keyOf(row))!
      const counts = rows.map((one) => Number(one.syn_retransmits ?? 0))
      const retransmitted = counts.filter((count) => count > 0).length
      expect(row).toMatchObject({
        attempts: rows.length,
        retransmitted,
        retransmitted_once: counts.filter((count) => count === 1).length,
        retransmitted_twice: counts.filter((count) => count === 2).length,
        retransmitted_more: counts.filter((count) => count > 2).length,
        timed_out: rows.filter((one) => one.outcome === 'timed_out').length,
      })
      expect(row.retransmitted_percent).toBeCloseTo((retransmitted / rows.length) * 100)
      const medianOf = (isWith: boolean) => {
        const chosen = rows.filter((one) => Number(one.syn_retransmits ?? 0) > 0 === isWith)
        return exactPercentile(coveredLatencies(chosen, scopeCase), 50)
      }
      expectWithin(row.p50_without_ns, medianOf(false), scopeCase.raw.exact)
      expectWithin(row.p50_with_ns, medianOf(true), scopeCase.raw.exact)
      const isKnown = row.p50_with_ns !== null && row.p50_without_ns !== null
      expect(row.added_ns).toBe(isKnown ? Number(row.p50_with_ns) - Number(row.p50_without_ns) : null)
    }
    const order = found.map((row) => row.retransmitted as number)
    expect(order).toEqual(order.toSorted((a, b) => b - a))
  })
})

test('endpoints without a retransmit are left out', () => {
  const { file } = makeSampleTrace({ batches: [[{}, { remotePort: 80, synRetransmits: 1 }]] })
  expect(rowObjects(runQuery(retransmits, [file]))).toMatchObject([
    { remote_port: 80, p50_without_ns: null, added_ns: null },
  ])
})

test('without retransmits, a text is printed', () => {
  const { file } = makeSampleTrace({ batches: [[{}, { outcome: 7 }]] })
  expect(runQuery(retransmits, [file])).toMatchObject({ rows: [], whenEmpty: 'no SYN was retransmitted' })
})
