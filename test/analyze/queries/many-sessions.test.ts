import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { latency } from '../../../src/analyze/queries/latency/latency.js'
import { summary } from '../../../src/analyze/queries/summary/summary.js'
import { topEndpoints } from '../../../src/analyze/queries/top-endpoints/top-endpoints.js'
import { coverLines } from '../../../src/analyze/scan/completeness-lines.js'
import { describeGaps } from '../../../src/analyze/scan/session-facts.js'
import { countCalls, countStatements } from '../../support/count-work.js'
import { MAPPED_PREFIX } from '../../record/make-events.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'

const HOSTS = 40

/** Sessions of as many hosts, with the same endpoints and a process of their own each. */
function makeTrace(sessions: number): string {
  const events = Array.from({ length: 10 }, (_, i) => ({
    startedNs: BigInt(i) * 1_000_000_000n,
    remoteAddress: `${MAPPED_PREFIX}0a00000${i % 5}`,
  }))
  const { db, file } = makeSampleTrace(...Array.from({ length: sessions }, () => ({ batches: [events, null] })))
  db.exec(`UPDATE session SET host = 'host-' || session_id`)
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

/** Work of a query and the lines around it. */
function measure(query: StoredQuery, file: string, values: Record<string, string> = {}) {
  const [prepares, statements] = [countCalls(Database.prototype, 'prepare'), countStatements()]
  const count = () => [prepares(), statements.executions(/FROM endpoint WHERE endpoint_id = /)] as const
  const before = count()
  const result = inScope([file], { session: 'all' }, (scope) => {
    const { rows } = query.run(scope, { limit: Infinity, sort: null, width: 80, values })
    coverLines(scope.parts)
    describeGaps([...new Set(scope.parts.map(({ trace }) => trace))], scope.parts)
    return rows
  })
  const after = count()
  return { result, prepares: after[0] - before[0], endpointReads: after[1] - before[1] }
}

test.each([
  ['summary', summary, {}],
  ['top-endpoints', topEndpoints, {}],
  ['latency --by host', latency, { by: 'host' }],
] as const)('%s prepares as many statements for forty sessions as for two', (_, query, values) => {
  const few = measure(query, makeTrace(2), values)
  const many = measure(query, makeTrace(HOSTS), values)
  expect(few.prepares).toBeGreaterThan(5)
  expect(many.prepares).toBe(few.prepares)
})

test('an endpoint of many sessions is read once', () => {
  const { result, endpointReads } = measure(topEndpoints, makeTrace(HOSTS))
  expect(result).toHaveLength(5)
  expect(endpointReads).toBe(5)
})

test('latency --by host reads the sums with fewer rows, with the same result', () => {
  const file = makeTrace(HOSTS)
  const rows = (values: Record<string, string>) => measure(latency, file, values).result
  const db = new Database(file)
  const before = rows({ by: 'host' })
  expect(before).toHaveLength(HOSTS)
  // Five endpoints are fewer than sixty seconds.
  db.exec(`DELETE FROM window_sums WHERE dimension = 'second'`)
  expect(rows({ by: 'host' })).toEqual(before)
  // As many endpoints as this are more.
  db.exec(`UPDATE endpoint SET endpoint_id = 1000000 WHERE endpoint_id = (SELECT max(endpoint_id) FROM endpoint)`)
  expect(() => rows({ by: 'host' })).toThrow(expect.objectContaining({ code: 'E_DAMAGED_TRACE' }))
  db.close()
})
