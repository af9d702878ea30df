import type { RawScope } from '../../src/analyze/options/select-scope.js'
import { STARTED_UNIX_NS } from '../record/new-trace.js'
import { createRandom } from '../store/random.js'
import { readConnects, type Connect } from './query-rows.js'
import { makeSampleTrace, type SampleTrace } from './sample-trace.js'
import { variedEvents } from './varied-events.js'

/** Options, and the equivalent condition on `connects`. */
export interface ScopeCase {
  readonly name: string
  readonly raw: RawScope
  readonly where: string
}

const at = (seconds: number) => STARTED_UNIX_NS + BigInt(seconds) * 1_000_000_000n

export const SCOPE_CASES: readonly ScopeCase[] = [
  { name: 'the newest session', raw: {}, where: 'session_id = 2' },
  { name: 'all sessions', raw: { session: 'all' }, where: '1' },
  { name: 'every value of all sessions', raw: { session: 'all', exact: true }, where: '1' },
  {
    name: 'a range of time',
    raw: { session: 'all', since: '+20s', until: '+50s' },
    where: `started_ns >= ${at(20)} AND started_ns < ${at(50)}`,
  },
  { name: 'a port', raw: { session: '1', port: ['443'] }, where: 'session_id = 1 AND remote_port = 443' },
  { name: 'a user', raw: { session: '1', uid: ['www-data'] }, where: "session_id = 1 AND user = 'www-data'" },
  {
    name: 'a user and a port',
    raw: { session: 'all', uid: ['33'], port: ['444'] },
    where: 'uid = 33 AND remote_port = 444',
  },
  { name: 'slow ones', raw: { session: 'all', minLatency: '1ms' }, where: 'latency_ns >= 1000000' },
  {
    name: 'one outcome',
    raw: { session: 'all', outcome: ['timed_out'] },
    where: "outcome = 'timed_out'",
  },
  { name: 'nothing', raw: { session: 'all', port: ['1'] }, where: '0' },
]

/** Two sessions in WAL mode: the first with windows, the second with windows and attempts after the last one. */
export function makeTwoSessions(seed: number): SampleTrace {
  const random = createRandom(seed)
  const some = (count: number) => variedEvents(random, count)
  return makeSampleTrace(
    { batches: [some(500), null, some(400), some(1)] },
    { batches: [some(300), null, some(300)], goodbye: false },
  )
}

/** The same, of another host, as a closed file, which is read without SQLite. */
export function makeOtherHost(seed: number): SampleTrace {
  const trace = makeTwoSessions(seed)
  trace.db.exec("UPDATE session SET host = 'other'")
  trace.db.pragma('journal_mode = DELETE')
  return trace
}

/** Rows of the view in a case, over several traces, each with its host. */
export function connectsOfCase(traces: readonly SampleTrace[], { where }: ScopeCase): Connect[] {
  return traces.flatMap(({ db }) => {
    const host = db.prepare('SELECT host FROM session').pluck().get() as string
    return readConnects(db, where).map((row) => ({ ...row, host }))
  })
}

/** Groups rows by a key. */
export function groupRows(rows: readonly Connect[], keyOf: (row: Connect) => unknown): Map<string, Connect[]> {
  const groups = new Map<string, Connect[]>()
  for (const row of rows) {
    const key = String(keyOf(row))
    const group = groups.get(key) ?? []
    group.push(row)
    groups.set(key, group)
  }
  return groups
}

/** Latencies for statistics: of established attempts, or of the selected outcomes. */
export function coveredLatencies(rows: readonly Connect[], { raw }: ScopeCase): number[] {
  const outcomes = raw.outcome ?? ['established']
  const covered = rows.filter((row) => outcomes.includes(row.outcome) && row.latency_ns !== null)
  return covered.map((row) => row.latency_ns as number)
}
