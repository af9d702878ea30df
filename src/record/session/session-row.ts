import { readFileSync } from 'node:fs'
import { hostname, machine, release } from 'node:os'
import type { Database } from 'better-sqlite3'
import type { DnsLossCounts } from '../../store/dns-loss-text.js'
import type { LossCounts } from '../../store/loss-text.js'
import type { DnsSource } from '../options/probe-options.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import type { Completeness } from './completeness.js'
import { readStartTicks } from '../../store/process-start.js'

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
  readonly localErrors: boolean
}

export interface SessionEnd {
  readonly durationNs: number
  readonly reason: EndReason
  readonly loss: LossCounts
  readonly completeness: Completeness | null
  /** `null`: the kernel does not count them */
  readonly skipped: SkippedRuns | null
  /** Attempts whose process is not known */
  readonly lostProcesses: number
  /** DNS packets that were lost or were none, and names that were forgotten */
  readonly dns: DnsLossCounts
}

/** Adds a session to the trace and returns its id. */
export function insertSession(db: Database, start: SessionStart): number {
  const insert = db.prepare(`INSERT INTO session
    (host, boot_id, kernel, machine, tool_version, command_line, filters, recorder_pid, recorder_start_ticks, ring_bytes,
     started_unix_ns, dns_source, has_local_errors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertOffset = db.prepare('INSERT INTO clock_offset VALUES (?, 0, ?)')
  return db.transaction(() => {
    const { lastInsertRowid } = insert.run(
      hostname(),
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
      start.localErrors ? 1 : 0,
    )
    insertOffset.run(lastInsertRowid, start.startedUnixNs)
    return Number(lastInsertRowid)
  })()
}

/** Says goodbye: without this a session counts as cut off. */
export function closeSession(db: Database, sessionId: number, end: SessionEnd): void {
  db.prepare(`UPDATE session SET duration_ns = ?, end_reason = ?, lost_ring_full_count = ?, lost_map_full_count = ?,
    lost_writer_behind_count = ?, lost_missed_count = ?, lost_skipped_count = ?, skipped_run_count = ?, uncovered_run_count = ?,
    lost_process_count = ?, kernel_attempts_min = ?, kernel_attempts_max = ?, comparable_attempts = ?,
    uncomparable_attempts = ?, dns_lost_count = ?, dns_malformed_count = ?, dns_evicted_count = ? WHERE session_id = ?`).run(
    end.durationNs,
    end.reason,
    end.loss.ringFull,
    end.loss.mapFull,
    end.loss.writerBehind,
    end.loss.missed,
    end.loss.skipped,
    end.skipped?.all ?? null,
    end.skipped?.uncovered ?? null,
    end.lostProcesses,
    end.completeness?.kernelMin ?? null,
    end.completeness?.kernelMax ?? null,
    end.completeness?.comparable ?? null,
    end.completeness?.uncomparable ?? null,
    end.dns.lost,
    end.dns.malformed,
    end.dns.evicted,
    sessionId,
  )
}

/** Remembers from when on wall-clock time runs differently against session time. Throws what SQLite throws. */
export function insertClockOffset(db: Database, sessionId: number, sinceNs: number, unixOffsetNs: bigint): void {
  db.prepare('INSERT OR REPLACE INTO clock_offset VALUES (?, ?, ?)').run(sessionId, sinceNs, unixOffsetNs)
}

/** Whether SQLite gave up because another program holds the file locked. */
export function isLocked(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') ?? false
}
