import { describe, expect, test } from 'vitest'
import { insertSession, makeTrace, type HandMadeTrace } from './hand-made-trace.js'

/** The public schema as in docs/. Columns may only be added. */
const COLUMNS = [
  'session_id started_ns time latency_ns outcome errno syn_retransmits pid tid process_start_ns comm',
  'exe uid user cgroup netns mntns family local_address local_port remote_address remote_port dns_name',
  'dns_age_ns dns_lookup_ns dns_candidates container netns_cookie container_id container_name container_image pod_name pod_namespace',
  'pod_uid nat_address nat_port service_address service_port remote_container remote_pod',
].flatMap((line) => line.split(' '))

const MAPPED_LOOPBACK = Buffer.from('00000000000000000000ffff7f000001', 'hex')
const LOOPBACK = Buffer.from('00000000000000000000000000000001', 'hex')

const CONTAINER = {
  container_id: 'an id',
  runtime_name: 'docker',
  container_name: 'k8s_web_web-0_shop',
  container_image: 'nginx:1.27',
  pod_name: 'web-0',
  pod_namespace: 'shop',
  pod_uid: 'a uid',
  pod_container_name: 'web',
}

/** A trace with a session, and the rows that an attempt refers to. `insertAttempt` adds attempts. */
function makeFilledTrace(): HandMadeTrace {
  const trace = makeTrace()
  insertSession(trace)
  trace.insert('cgroup', { cgroup_id: 1, session_id: 1, kernel_cgroup_id: 4242, path: '/system.slice/nginx.service' })
  trace.insert('container', { ...CONTAINER, container_key: 5, session_id: 1 })
  trace.db.exec("UPDATE cgroup SET container = 'nginx.service', container_key = 5")
  trace.insert('process', {
    process_id: 1,
    session_id: 1,
    pid: 4_000_000,
    process_start_ns: 9_007_199_254_740_993n,
    comm: 'worker',
    exe: 'nginx',
    uid: 33,
    user: 'www-data',
    cgroup_id: 1,
    netns: 4_026_531_840,
    mntns: 4_026_531_841,
    netns_cookie: 9_007_199_254_740_997n,
  })
  trace.insert('endpoint', {
    endpoint_id: 1,
    family: 4,
    address: MAPPED_LOOPBACK,
    remote_address: '127.0.0.1',
    remote_port: 65_535,
  })
  trace.insert('local_address', { local_address_id: 1, address: MAPPED_LOOPBACK, local_address: '127.0.0.1' })
  return trace
}

function insertAttempt(trace: HandMadeTrace, changes: Record<string, number | null> = {}): number {
  return trace.insert('connect_attempt', {
    session_id: 1,
    started_ns: 1_000_000_001,
    latency_ns: 98_765,
    outcome: 0,
    errno: null,
    syn_retransmits: 0,
    flags: 0,
    process_id: 1,
    tid_delta: 0,
    endpoint_id: 1,
    local_endpoint: (1 << 16) | 40_000,
    ...changes,
  })
}

function readRows(trace: HandMadeTrace): Record<string, unknown>[] {
  const statement = trace.db.prepare('SELECT * FROM connects ORDER BY latency_ns').safeIntegers()
  return statement.all() as Record<string, unknown>[]
}

function onlyRow(trace: HandMadeTrace): Record<string, unknown> {
  const [row, ...others] = readRows(trace)
  expect(others).toEqual([])
  return row as Record<string, unknown>
}

test('columns and their order are those of the public schema', () => {
  const { db } = makeTrace()
  const columns = db.prepare('SELECT * FROM connects').columns()
  expect(columns.map((column) => column.name)).toEqual(COLUMNS)
})

test('every value of an attempt is returned exactly', () => {
  const trace = makeFilledTrace()
  const attemptId = insertAttempt(trace, { tid_delta: -3, outcome: 1, errno: 111, syn_retransmits: 255, flags: 17 })
  trace.insert('dns_name', { dns_name_id: 7, dns_name: 'example.org' })
  trace.insert('connect_dns', {
    attempt_id: attemptId,
    dns_name_id: 7,
    dns_age_ns: 123_456_789_012,
    dns_lookup_ns: 9_007_199_254_740_995n,
    dns_candidates: 3,
  })
  trace.insert('connect_nat', { attempt_id: attemptId, nat_endpoint_id: 1, service_endpoint_id: null })
  expect(onlyRow(trace)).toEqual({
    session_id: 1n,
    started_ns: 1_700_000_001_123_456_790n,
    time: '2023-11-14T22:13:21.123456Z',
    latency_ns: 98_765n,
    outcome: 'refused',
    errno: 111n,
    syn_retransmits: 255n,
    pid: 4_000_000n,
    tid: 3_999_997n,
    process_start_ns: 9_007_199_254_740_993n,
    comm: 'worker',
    exe: 'nginx',
    uid: 33n,
    user: 'www-data',
    cgroup: '/system.slice/nginx.service',
    netns: 4_026_531_840n,
    mntns: 4_026_531_841n,
    family: 4n,
    local_address: '127.0.0.1',
    local_port: 40_000n,
    remote_address: '127.0.0.1',
    remote_port: 65_535n,
    dns_name: 'example.org',
    dns_age_ns: 123_456_789_012n,
    dns_lookup_ns: 9_007_199_254_740_995n,
    dns_candidates: 3n,
    container: 'nginx.service',
    netns_cookie: 9_007_199_254_740_997n,
    container_id: 'an id',
    container_name: 'web',
    container_image: 'nginx:1.27',
    pod_name: 'web-0',
    pod_namespace: 'shop',
    pod_uid: 'a uid',
    nat_address: '127.0.0.1',
    nat_port: 65_535n,
    service_address: null,
    service_port: null,
    remote_container: null,
    remote_pod: null,
  })
})

test('unknown values are NULL, never 0', () => {
  const trace = makeFilledTrace()
  trace.insert('process', { process_id: 2, session_id: 1, pid: 1, process_start_ns: 0, comm: '', uid: 0, netns: 1 })
  trace.insert('local_address', { local_address_id: 2, address: LOOPBACK, local_address: null })
  insertAttempt(trace, { process_id: 2, outcome: 7, latency_ns: null, local_endpoint: 2 << 16 })
  expect(onlyRow(trace)).toMatchObject({
    outcome: 'pending',
    latency_ns: null,
    errno: null,
    exe: null,
    user: null,
    cgroup: null,
    mntns: null,
    local_address: null,
    local_port: null,
    dns_name: null,
    dns_age_ns: null,
    dns_lookup_ns: null,
    dns_candidates: null,
    container: null,
    netns_cookie: null,
    uid: 0n,
  })
})

test('local addresses with high ids keep their port', () => {
  const trace = makeFilledTrace()
  trace.insert('local_address', { local_address_id: 3_000_000, address: LOOPBACK, local_address: '::1' })
  insertAttempt(trace, { local_endpoint: 3_000_000 * 65_536 + 65_535 })
  expect(onlyRow(trace)).toMatchObject({ local_address: '::1', local_port: 65_535n })
})

test('every outcome has its name', () => {
  const trace = makeFilledTrace()
  for (let outcome = 0; outcome < 8; outcome++) insertAttempt(trace, { outcome, latency_ns: outcome })
  expect(readRows(trace).map((row) => row.outcome)).toEqual(
    'established refused timed_out unreachable reset cancelled local_error pending'.split(' '),
  )
})

describe('wall-clock time', () => {
  test('follows the wall clock when it is set during the recording', () => {
    const trace = makeFilledTrace()
    trace.insert('clock_offset', { session_id: 1, since_ns: 5_000_000_000, unix_offset_ns: 1_600_000_000_000_000_007n })
    trace.insert('clock_offset', { session_id: 1, since_ns: 9_000_000_000, unix_offset_ns: 1_800_000_000_000_000_000n })
    const starts = [0, 4_999_999_999, 5_000_000_000, 8_999_999_999, 9_000_000_000]
    starts.forEach((started_ns, i) => insertAttempt(trace, { started_ns, latency_ns: i }))
    expect(readRows(trace).map((row) => row.started_ns)).toEqual([
      1_700_000_000_123_456_789n,
      1_700_000_005_123_456_788n,
      1_600_000_005_000_000_007n,
      1_600_000_009_000_000_006n,
      1_800_000_009_000_000_000n,
    ])
  })

  test('exists for an attempt that began just before its session', () => {
    const trace = makeFilledTrace()
    insertAttempt(trace, { started_ns: -456_790 })
    expect(onlyRow(trace)).toMatchObject({
      started_ns: 1_700_000_000_122_999_999n,
      time: '2023-11-14T22:13:20.122999Z',
    })
  })

  test('uses the offsets of its own session', () => {
    const trace = makeFilledTrace()
    const other = insertSession(trace, { started_unix_ns: 1 })
    trace.db.prepare('UPDATE clock_offset SET unix_offset_ns = 5 WHERE session_id = ?').run(other)
    insertAttempt(trace, { session_id: other, started_ns: 7 })
    expect(onlyRow(trace)).toMatchObject({ started_ns: 12n, time: '1970-01-01T00:00:00.000000Z' })
  })

  test('is exact to the microsecond over a wide range of times', () => {
    const trace = makeFilledTrace()
    const starts = Array.from({ length: 500 }, (_, i) => i * i * 86_400_000_123 + i)
    for (const started_ns of starts) insertAttempt(trace, { started_ns })
    for (const row of readRows(trace)) {
      const ns = row.started_ns as bigint
      const micros = String((ns % 1_000_000_000n) / 1000n).padStart(6, '0')
      expect(row.time).toBe(`${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${micros}Z`)
    }
  })
})
