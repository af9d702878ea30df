import { describe, expect, test } from 'vitest'
import { AT, ATTEMPT_COLUMNS } from '../../../src/analyze/scan/attempt-columns.js'
import { coverPart } from '../../../src/analyze/scan/plan-scan.js'
import { scanRows } from '../../../src/analyze/scan/scan-rows.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { createRandom } from '../../store/random.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'

/** A closed trace of two sessions, in a file without a log. */
function makeClosedTrace(count: number): string {
  const random = createRandom(count)
  const batches = [variedEvents(random, count), null, variedEvents(random, count / 2), variedEvents(random, 7)]
  const trace = makeSampleTrace({ batches }, { batches: [variedEvents(random, 50)], goodbye: false })
  trace.db.pragma('journal_mode = DELETE')
  return trace.file
}

function readRows(file: string, raw: RawScope) {
  return inScope([file], raw, (scope) => {
    const rows: (number | null)[][] = []
    const part = scope.parts[0]!
    scanRows(scope, part, coverPart(part, false).ranges, ATTEMPT_COLUMNS, (row) => {
      rows.push(Array.from(row, (value) => (Number.isNaN(value) ? null : value)))
    })
    return {
      rows,
      isPaged: part.trace.attempts !== null,
      db: scope.parts[0]!.trace.db.prepare('SELECT * FROM connect_attempt WHERE session_id = 1 ORDER BY attempt_id')
        .raw()
        .all() as (number | null)[][],
    }
  })
}

describe('a scan', () => {
  test.each([1, 12, 20_000])(
    'of a closed trace reads pages and returns the same rows as SQLite: %i attempts',
    (count) => {
      const { rows, db, isPaged } = readRows(makeClosedTrace(count), { session: '1' })
      expect(isPaged).toBe(true)
      expect(rows).toEqual(db)
    },
  )

  test('of a trace in WAL mode uses SQLite', () => {
    const trace = makeSampleTrace({ batches: [variedEvents(createRandom(3), 500)] })
    const { rows, db, isPaged } = readRows(trace.file, { session: '1' })
    expect(isPaged).toBe(false)
    expect(rows).toEqual(db)
  })

  test.each([
    ['outcome', { outcome: ['refused,timed_out'] }, "outcome IN ('refused', 'timed_out')"],
    ['failed', { outcome: ['failed'] }, "outcome NOT IN ('established', 'pending')"],
    ['user name', { uid: ['www-data'] }, "user = 'www-data'"],
    ['users', { uid: ['0,www-data'] }, 'uid IN (0, 33)'],
    ['pid', { pid: ['101,102'] }, 'pid IN (101, 102)'],
    ['port', { port: ['444'] }, 'remote_port = 444'],
    ['IPv4', { ipv4: true }, 'family = 4'],
    ['IPv6', { ipv6: true }, 'family = 6'],
    ['both families', { ipv4: true, ipv6: true }, '1'],
    ['comm', { comm: ['worker', 'thread-2'] }, "comm IN ('worker', 'thread-2')"],
    ['network', { dst: ['10.0.4.0/23'] }, "remote_address IN ('10.0.4.1', '10.0.5.1')"],
    ['address', { dst: ['::1'] }, "remote_address = '::1'"],
    ['latency', { minLatency: '100us' }, 'latency_ns >= 100000'],
    ['cgroup', { cgroup: ['/cgroup-1'] }, "cgroup = '/cgroup-1'"],
    [
      'several',
      { cgroup: ['/cgroup-1'], port: ['443'], outcome: ['established'] },
      "cgroup = '/cgroup-1' AND remote_port = 443 AND outcome = 'established'",
    ],
    ['last minute', { last: '1m' }, 'started_ns >= 1700000000000000000'],
    ['from then on', { since: '+90s' }, 'started_ns >= 1700000090000000000'],
    ['up to then', { until: '2023-11-14T22:13:30.5Z' }, 'started_ns < 1700000010500000000'],
  ] as const)('passes what the view holds, by %s', (_, raw, where) => {
    const trace = makeSampleTrace({ batches: [variedEvents(createRandom(9), 3000)] })
    trace.db.pragma('journal_mode = DELETE')
    const wanted = trace.db.prepare(`SELECT count(*), sum(latency_ns) FROM connects WHERE ${where}`).raw().get()
    const { rows } = readRows(trace.file, raw as unknown as RawScope)
    const latencies = rows.map((row) => row[AT.latency_ns] ?? 0)
    expect([rows.length, latencies.reduce((sum, ns) => sum + ns, 0)]).toEqual(wanted)
    expect(rows.length).toBeGreaterThan(0)
  })
})
