import { readFileSync } from 'node:fs'
import { machine, release } from 'node:os'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { closeSession, insertClockOffset, insertSession } from '../../../src/record/session/session-row.js'
import { isLocked } from '../../../src/record/output/write-fault.js'
import { readStartTicks } from '../../../src/attempt/process-start.js'
import { holdWriteLock } from '../../support/hold-lock.js'
import { openNewTrace } from '../new-trace.js'

const START = {
  toolVersion: '1.2.3',
  commandLine: `tcpconn record -- echo 'a b'`,
  rotationBase: 'web.db',
  filters: '{"port":[80]}',
  ringBytes: 16_777_216,
  startedUnixNs: 1_700_000_000_123_456_789n,
  dnsSource: 'udp',
  dnsPorts: [53, 5353],
  host: 'web-1',
  localErrors: true,
  nat: true,
  limits: ['one thing is not seen'],
} as const
const NO_DNS = { lost: 0, malformed: 0, evicted: 0 }

test('a session has its host, its recorder and its start time, exact to the ns', () => {
  const { db } = openNewTrace()
  const sessionId = insertSession(db, START)
  const row = db.prepare('SELECT * FROM session WHERE session_id = ?').safeIntegers().get(sessionId)
  expect(row).toMatchObject({
    host: 'web-1',
    boot_id: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    kernel: release(),
    machine: machine(),
    tool_version: '1.2.3',
    command_line: START.commandLine,
    rotation_base: START.rotationBase,
    filters: START.filters,
    recorder_pid: BigInt(process.pid),
    recorder_start_ticks: BigInt(readStartTicks(process.pid) ?? -1),
    ring_bytes: 16_777_216n,
    started_unix_ns: START.startedUnixNs,
    dns_source: 'udp',
    dns_ports: '53,5353',
    has_local_errors: 1n,
    limits: '["one thing is not seen"]',
    duration_ns: null,
    end_reason: null,
    kernel_attempts_min: null,
    comparable_attempts: null,
  })
})

test('ports of DNS are stored only if packets are recorded', () => {
  const { db } = openNewTrace()
  const portsOf = db.prepare('SELECT dns_ports FROM session WHERE session_id = ?').pluck()
  for (const dnsSource of ['libc', null] as const)
    expect(portsOf.get(insertSession(db, { ...START, dnsSource }))).toBeNull()
})

test('the offset of the wall clock is stored from the beginning on', () => {
  const { db } = openNewTrace()
  const sessionId = insertSession(db, START)
  const offsets = db.prepare('SELECT since_ns, unix_offset_ns FROM clock_offset WHERE session_id = ?').safeIntegers()
  expect(offsets.raw().all(sessionId)).toEqual([[0n, START.startedUnixNs]])
  insertClockOffset(db, sessionId, 5e9, 42n)
  insertClockOffset(db, sessionId, 5e9, 43n)
  expect(offsets.all(sessionId)).toEqual([
    [0n, START.startedUnixNs],
    [5_000_000_000n, 43n],
  ])
})

test("the end of a session has duration, reason, loss and the kernel's count", () => {
  const { db, sessionId } = openNewTrace()
  closeSession(db, sessionId, {
    durationNs: 10e9,
    reason: 'duration',
    loss: { ringFull: 1, mapFull: 2, writerBehind: 3, missed: 14, skipped: 15 },
    completeness: { kernelMin: 4, kernelMax: 5, comparable: 6, uncomparable: 7 },
    dns: { lost: 8, malformed: 9, evicted: 10 },
    skipped: { all: 11, uncovered: 12 },
    lostProcesses: 13,
    lostDetails: { addresses: 0 },
  })
  expect(db.prepare('SELECT * FROM session').get()).toMatchObject({
    duration_ns: 10e9,
    end_reason: 'duration',
    lost_ring_full_count: 1,
    lost_map_full_count: 2,
    lost_writer_behind_count: 3,
    kernel_attempts_min: 4,
    kernel_attempts_max: 5,
    comparable_attempts: 6,
    uncomparable_attempts: 7,
    dns_lost_count: 8,
    dns_malformed_count: 9,
    dns_evicted_count: 10,
    skipped_run_count: 11,
    uncovered_run_count: 12,
    lost_process_count: 13,
    lost_missed_count: 14,
    lost_skipped_count: 15,
  })
})

test("without a comparison, the kernel's count is NULL, and other sessions do not change", () => {
  const { db, sessionId } = openNewTrace()
  const other = insertSession(db, START)
  const loss = { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }
  const counts = {
    loss,
    completeness: null,
    dns: NO_DNS,
    skipped: null,
    lostProcesses: 0,
    lostDetails: { addresses: 0 },
  }
  closeSession(db, sessionId, { durationNs: 1, reason: 'error', ...counts })
  const columns =
    'session_id, end_reason, kernel_attempts_max, skipped_run_count, uncovered_run_count, lost_process_count'
  const rows = db.prepare(`SELECT ${columns} FROM session`).raw().all()
  expect(rows).toEqual([
    [sessionId, 'error', null, null, null, 0],
    [other, null, null, null, null, 0],
  ])
})

describe('a file that another program locks', () => {
  test('is reported, and a clock change can be stored later', () => {
    const { db, file, sessionId } = openNewTrace()
    const unlock = holdWriteLock(file)
    expect(() => insertClockOffset(db, sessionId, 1, 2n)).toThrow(expect.toSatisfy(isLocked))
    unlock()
    insertClockOffset(db, sessionId, 1, 2n)
  })

  test('is distinguished from all other errors', () => {
    expect(isLocked(new Database.SqliteError('', 'SQLITE_BUSY'))).toBe(true)
    expect(isLocked(new Database.SqliteError('', 'SQLITE_BUSY_SNAPSHOT'))).toBe(true)
    expect(isLocked(new Database.SqliteError('', 'SQLITE_FULL'))).toBe(false)
    expect(isLocked(new Error('locked'))).toBe(false)
    expect(isLocked('locked')).toBe(false)
  })
})
