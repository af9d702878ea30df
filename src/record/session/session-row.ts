import { readFileSync } from 'node:fs'
import { machine, release } from 'node:os'
import type { Database } from 'better-sqlite3'
import { LOSS_COLUMNS, listLoss, type LossCounts } from '../../attempt/loss-causes.js'
import type { DnsLossCounts } from '../../attempt/loss-text.js'
import type { LostDetails } from '../event/describe-lost-details.js'
import type { DnsSource } from '../options/record-options.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import type { Completeness } from '../count/completeness.js'
import { readStartTicks } from '../../attempt/process-start.js'

/** Why a session ended. */
export type EndReason = 'duration' | 'interrupt' | 'terminate' | 'command' | 'rotation' | 'error'

export interface SessionStart {
  readonly toolVersion: string
  readonly commandLine: string
  /** JSON object of the filters, `{}` without any */
  readonly filters: string
  readonly ringBytes: number
  readonly startedUnixNs: bigint
  /** `null`: lookups are not recorded */
  readonly dnsSource: DnsSource | null
  /** With the source `udp`: remote ports of DNS packets */
  readonly dnsPorts: readonly number[]
  readonly localErrors: boolean
  readonly nat: boolean
  /** The host name */
  readonly host: string
  /** With rotation: base of the file names, like tcpconn.db */
  readonly rotationBase: string | null
  /** Limits of this host, one sentence each */
  readonly limits: readonly string[]
}

export interface SessionEnd {
  readonly durationNs: number
  readonly reason: EndReason
  readonly loss: LossCounts
  readonly completeness: Completeness | null
  /** `null`: the kernel does not count them */
  readonly skipped: SkippedRuns | null
  /** Attempts whose process is unknown */
  readonly lostProcesses: number
  /** Losses of the probe other than attempts */
  readonly lostDetails: Pick<LostDetails, 'addresses'>
  /** Lost and malformed DNS packets, and evicted names */
  readonly dns: DnsLossCounts
}

/** Adds a session to the trace and returns its id. */
export function insertSession(db: Database, start: SessionStart): number {
  const insert = db.prepare(`INSERT INTO session
    (host, boot_id, kernel, machine, tool_version, command_line, filters, recorder_pid, recorder_start_ticks, ring_bytes,
     started_unix_ns, dns_source, dns_ports, has_local_errors, has_nat, limits, rotation_base) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertOffset = db.prepare('INSERT INTO clock_offset VALUES (?, 0, ?)')
  return db.transaction(() => {
    const { lastInsertRowid } = insert.run(
      start.host,
      readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      release(),
      machine(),
      start.toolVersion,
      start.commandLine,
      start.filters,
      process.pid,
      readStartTicks(process.pid) ?? 0,
      start.ringBytes,
      start.startedUnixNs,
      start.dnsSource,
      start.dnsSource === 'udp' ? start.dnsPorts.join() : null,
      start.localErrors ? 1 : 0,
      start.nat ? 1 : 0,
      JSON.stringify(start.limits),
      start.rotationBase,
    )
    insertOffset.run(lastInsertRowid, start.startedUnixNs)
    return Number(lastInsertRowid)
  })()
}

/** Writes the end of a session. Without it the session counts as an unclean shutdown. */
export function closeSession(db: Database, sessionId: number, end: SessionEnd): void {
  const losses = LOSS_COLUMNS.map((column) => `${column} = ?`).join(', ')
  db.prepare(`UPDATE session SET duration_ns = ?, end_reason = ?, ${losses}, skipped_run_count = ?, uncovered_run_count = ?,
    lost_process_count = ?, kernel_attempts_min = ?, kernel_attempts_max = ?, comparable_attempts = ?,
    uncomparable_attempts = ?, nat_lost_count = ?, dns_lost_count = ?, dns_malformed_count = ?, dns_evicted_count = ? WHERE session_id = ?`).run(
    end.durationNs,
    end.reason,
    ...listLoss(end.loss),
    end.skipped?.all ?? null,
    end.skipped?.uncovered ?? null,
    end.lostProcesses,
    end.completeness?.kernelMin ?? null,
    end.completeness?.kernelMax ?? null,
    end.completeness?.comparable ?? null,
    end.completeness?.uncomparable ?? null,
    end.lostDetails.addresses,
    end.dns.lost,
    end.dns.malformed,
    end.dns.evicted,
    sessionId,
  )
}

/** Replaces the limits of a session, one sentence each. Throws errors of SQLite. */
export function updateLimits(db: Database, sessionId: number, limits: readonly string[]): void {
  db.prepare('UPDATE session SET limits = ? WHERE session_id = ?').run(JSON.stringify(limits), sessionId)
}

/** Stores a new offset between wall clock and session time, and its start. Throws errors of SQLite. */
export function insertClockOffset(db: Database, sessionId: number, sinceNs: number, unixOffsetNs: bigint): void {
  db.prepare('INSERT OR REPLACE INTO clock_offset VALUES (?, ?, ?)').run(sessionId, sinceNs, unixOffsetNs)
}
