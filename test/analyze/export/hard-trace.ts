import Database from 'better-sqlite3'
import { readSessionKey } from '../../../src/analyze/export/rows/session-key.js'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { createRandom } from '../../store/random.js'
import type { EventFields } from '../../record/make-events.js'
import { makeSampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'

/** Names that a process may have, with a special meaning for a terminal, a spreadsheet or a parser. */
export const HOSTILE_NAMES = [
  'two\nlines',
  '\x1b[2Jgone',
  '"quoted", and more',
  "=cmd|' /C calc'!A0",
  '+1',
  '-1',
  '@SUM(A1)',
  '\ttab',
  '\rreturn',
  'caf\ufffd\u202egnp.exe',
  '\\x1b',
  '',
  '🦆 "π"',
]

const DAY_NS = 86_400_000_000_000

/**
 * A closed trace with four sessions: attempts of all outcomes, with a clock that was set by days and by years in
 * between; some more attempts; none; and a single one. Names are hostile, integers exceed 2^53, some attempts have DNS
 * names.
 * @param isClosed false leaves it in WAL mode, as during a recording
 */
export function makeHardTrace({ seed = 1, count = 3000, host = 'host', isClosed = true } = {}): string {
  const random = createRandom(seed)
  const more = variedEvents(random, Math.ceil(count / 2))
  const one: Partial<EventFields> = { startedNs: 1n, pid: 4_000_000, tid: 3_999_998 }
  const trace = makeSampleTrace(
    { batches: [variedEvents(random, count), null, more] },
    { batches: [variedEvents(random, 50)], goodbye: false },
    { batches: [] },
    { batches: [[one]], loss: { ringFull: 2, mapFull: 0, writerBehind: 1, missed: 0, skipped: 0 } },
  )
  const { db, file } = trace
  const processes = db.prepare('SELECT process_id FROM process').pluck().all() as number[]
  const rename = db.prepare(
    'UPDATE process SET comm = ?, exe = ?, process_start_ns = ?, mntns = ? WHERE process_id = ?',
  )
  processes.forEach((id, i) => {
    const name = HOSTILE_NAMES[i % HOSTILE_NAMES.length] as string
    rename.run(
      name,
      i % 4 === 0 ? null : `${name}!`,
      9_007_199_254_740_993n + BigInt(i),
      i % 3 ? 4_294_967_295 : null,
      id,
    )
  })
  db.prepare('UPDATE session SET host = ?').run(host)
  db.exec(`
    UPDATE cgroup SET path = NULL WHERE cgroup_id % 2 = 0;
    UPDATE local_address SET local_address = NULL WHERE local_address_id = 1 AND ${seed} = 1;
    UPDATE connect_attempt SET local_endpoint = local_endpoint & ~65535 WHERE attempt_id % 17 = 0;
    INSERT INTO dns_name VALUES (1, 'example.org'), (2, '=evil' || char(27));
    INSERT INTO connect_dns SELECT attempt_id, 1 + attempt_id % 2, 9007199254740993 + attempt_id,
      iif(attempt_id % 3 = 0, NULL, 9007199254740993 - attempt_id), 1 + attempt_id % 4
      FROM connect_attempt WHERE attempt_id % 5 = 0;
    UPDATE session SET dns_source = 'udp', dns_ports = '53,5353', dns_lost_count = 5, dns_evicted_count = 1, has_local_errors = 1,
      limits = '["one thing is not seen"]';
    INSERT INTO dns_name VALUES (3, 'never.example.org');
    INSERT INTO connect_nat SELECT attempt_id, iif(attempt_id % 3 = 0, NULL, 1 + attempt_id % 4), iif(attempt_id % 3 = 1, NULL, 2 + attempt_id % 3)
      FROM connect_attempt WHERE attempt_id % 7 = 0;
    UPDATE session SET has_nat = 1, nat_lost_count = 9;
    UPDATE process SET netns_cookie = iif(process_id % 3 = 0, NULL, 9007199254740993 + process_id % 2);
    UPDATE process SET has_host_netns = CASE process_id % 3 WHEN 1 THEN 0 WHEN 2 THEN 1 END;
    INSERT INTO container VALUES
      (1, 1, 'id one', 'docker', '=evil' || char(27), 'nginx:1.27', NULL, NULL, NULL, NULL, 0),
      (2, 1, 'id two', 'containerd', NULL, NULL, 'cart-0', 'shop', 'a uid', 'cart', 0);
    INSERT INTO container_address SELECT 1, remote_address, min(started_ns), NULL, 1 + endpoint_id % 2
      FROM connect_attempt JOIN endpoint USING (endpoint_id) WHERE endpoint_id % 3 < 2 GROUP BY remote_address;
    UPDATE cgroup SET container_key = iif(cgroup_id % 3 = 0, NULL, 1 + cgroup_id % 2) WHERE session_id = 1;
    UPDATE cgroup SET container = iif(cgroup_id % 4 = 1, '=evil' || char(27), NULL);
  `)
  const setClock = db.prepare(
    `INSERT INTO clock_offset SELECT session_id, ?, unix_offset_ns + ? FROM clock_offset WHERE session_id = 1 AND since_ns = 0`,
  )
  setClock.run(30e9, BigInt(DAY_NS) + 7n)
  setClock.run(60e9, BigInt(DAY_NS) * -3n)
  setClock.run(90e9, BigInt(DAY_NS) * 1500n + 1n)
  if (isClosed) {
    db.pragma('journal_mode = DELETE')
    db.close()
  }
  return file
}

/** Rows of the view in the order of attempts, as arrays; integers are bigint. */
export function viewRows(file: string, where = '1'): unknown[][] {
  return numberedRows(file, where).map((row) => row.slice(1))
}

/** The same rows, after the id of each attempt. */
function numberedRows(file: string, where: string): unknown[][] {
  const db = new Database(file, { readonly: true })
  try {
    const text = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'connects'").pluck().get() as string
    const body = text.replace(/^CREATE VIEW connects AS/, '')
    const query = `SELECT * FROM (${body.replace('SELECT', 'SELECT a.attempt_id AS attempt_id,')}) WHERE ${where}
      ORDER BY session_id, attempt_id`
    return db.prepare(query).raw().safeIntegers().all() as unknown[][]
  } finally {
    db.close()
  }
}

/** Rows as in an export: after the key of each attempt, with `time` in Unix ns or, as `text`, with all nine digits. */
export function exportRows(file: string, where = '1', time: 'ns' | 'text' = 'ns'): unknown[][] {
  const keys = withTraces([file], ([trace]) => {
    const sessions = trace!.db.prepare('SELECT session_id, host, boot_id FROM session').raw().all() as Session[]
    const uuidOf = (sessionId: number, host: string) =>
      readSessionKey({ trace: trace!, sessionId, host, segments: [] }).uuid
    return new Map(sessions.map(([id, host, bootId]) => [BigInt(id), [host, bootId, uuidOf(id, host)]]))
  })
  return numberedRows(file, where).map(([attemptId, sessionId, startedNs, text, ...values]) => {
    const nsText = `${String(text).slice(0, -1)}${String((startedNs as bigint) % 1000n).padStart(3, '0')}Z`
    const key = keys.get(sessionId as bigint) as string[]
    return [...key, attemptId, sessionId, startedNs, time === 'ns' ? startedNs : nsText, ...values]
  })
}

type Session = [id: number, host: string, bootId: string]

export const COLUMN_NAMES = [
  'session_id started_ns time latency_ns outcome errno syn_retransmits pid tid process_start_ns comm exe uid user',
  'cgroup netns mntns family local_address local_port remote_address remote_port dns_name dns_age_ns',
  'dns_lookup_ns dns_candidates container netns_cookie container_id container_name container_image pod_name pod_namespace pod_uid',
  'nat_address nat_port service_address service_port remote_container remote_pod',
].flatMap((line) => line.split(' '))

/** Columns of an export. */
export const EXPORT_NAMES = ['host', 'boot_id', 'session_uuid', 'attempt_id', ...COLUMN_NAMES]
