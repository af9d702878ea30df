import { createCgroupPaths, type CgroupPaths } from '../host/cgroup-paths.js'
import { findCgroupRoot } from '../host/cgroup-root.js'
import { startClock, type SessionClock } from '../host/clock.js'
import type { UserNames } from '../host/user-names.js'
import type { Context } from '../dns/context-reader.js'
import { explainEvents } from '../dns/explain-events.js'
import { describeFilters } from '../options/describe-filters.js'
import type { RecordOptions } from '../options/record-options.js'
import { RING_BYTES, type Probe } from '../probe/load-probe.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import { TOOL_VERSION } from '../../version.js'
import { createTraceWriter, type TraceWriter } from '../write/trace-writer.js'
import type { KernelCount } from './kernel-count.js'
import type { Output } from './open-output.js'
import { insertSession } from './session-row.js'
import { startFault } from './write-fault.js'

/** How long one write waits: attempts stay in the ring meanwhile, and the next tick tries again. */
const WRITE_WAIT_MS = 100

/** A recording under way: everything that its steps share. */
export interface Session {
  readonly id: number
  readonly options: RecordOptions
  readonly probe: Probe
  readonly output: Output
  readonly clock: SessionClock
  readonly writer: TraceWriter
  readonly context: Context
  readonly cgroupPaths: CgroupPaths
  /** `null` when only a part of the host is recorded, so that there is nothing to compare with */
  readonly kernelCount: KernelCount | null
  /** What the probe had counted beside losses when the session began */
  readonly countedBefore: ProbeCounts
}

/** What the probe counts beside losses. */
export interface ProbeCounts {
  /** `null`: this kernel does not count them */
  readonly skipped: SkippedRuns | null
  /** Attempts whose process is not known */
  readonly lostProcesses: number
}

interface Parts extends Pick<Session, 'options' | 'probe' | 'output' | 'kernelCount'> {
  /** One that was started already; by default it starts now. */
  readonly clock?: SessionClock
}

/**
 * Adds the session to the trace and makes the writer for it. Recording has not begun yet: after an error the trace is
 * closed, and as it was before it was opened.
 * @throws E_DISK_FULL, E_LOCKED_TRACE, E_DAMAGED_TRACE, E_CANNOT_OPEN
 */
export function beginSession({ clock = startClock(), ...parts }: Parts, users: UserNames): Session {
  const cgroupPaths = createCgroupPaths(findCgroupRoot())
  return addSession({ ...parts, clock, cgroupPaths, users, contextNs: 0 }, () =>
    explainEvents(parts.probe, { clock, cgroupPaths, keepsLookups: parts.options.dnsSource !== null }),
  )
}

/**
 * The session of the next file: it goes on where `first`, the first one of this recording, or one after it is left.
 * @throws as `beginSession`, and leaves the next file as that does
 */
export function continueSession(first: Session, next: Pick<Session, 'output' | 'clock'>, users: UserNames): Session {
  const contextNs = Number(next.clock.epochNs - first.clock.epochNs)
  const { probe, context } = first
  return addSession({ ...first, ...next, users, contextNs }, () => ({ probe, context: countFromNow(context) }))
}

type Beginning = Omit<Session, 'id' | 'writer' | 'context' | 'countedBefore'> & {
  readonly users: UserNames
  /** The session's beginning in the times of its context */
  readonly contextNs: number
}

function addSession(parts: Beginning, explain: () => Pick<Session, 'probe' | 'context'>): Session {
  const { db, path, abandon, waitForLocks } = parts.output
  try {
    // All or nothing: what a damaged trace fails on may come after the session's row.
    const session = db.transaction(() => createSession(parts, explain())).immediate()
    waitForLocks(WRITE_WAIT_MS)
    return session
  } catch (cause) {
    const fault = startFault(path, cause)
    abandon()
    throw fault
  }
}

function createSession(
  { users, contextNs, ...parts }: Beginning,
  { probe, context }: Pick<Session, 'probe' | 'context'>,
): Session {
  const { options, output, clock, cgroupPaths, kernelCount } = parts
  const id = insertSession(output.db, {
    toolVersion: TOOL_VERSION,
    commandLine: options.commandLine,
    filters: describeFilters(options.filters, options.command),
    ringBytes: RING_BYTES,
    startedUnixNs: clock.startedUnixNs,
    dnsSource: options.dnsSource,
    localErrors: options.localErrors,
  })
  const writer = createTraceWriter(output.db, {
    sessionId: id,
    epochNs: clock.epochNs,
    names: { userName: users.nameOf, cgroupPath: cgroupPaths.find },
    context: options.dnsSource === null ? null : context,
    contextNs,
  })
  const countedBefore = readProbeCounts(probe)
  return { id, options, probe, output, clock, writer, context, cgroupPaths, kernelCount, countedBefore }
}

/** What the probe has counted since it was loaded. */
export function readProbeCounts(probe: Probe): ProbeCounts {
  return { skipped: probe.skipped(), lostProcesses: probe.lostProcesses() }
}

/** What came between two readings. */
export function subtractCounts(now: ProbeCounts, before: ProbeCounts): ProbeCounts {
  return {
    skipped: now.skipped && {
      all: now.skipped.all - (before.skipped?.all ?? 0),
      uncovered: now.skipped.uncovered - (before.skipped?.uncovered ?? 0),
    },
    lostProcesses: now.lostProcesses - before.lostProcesses,
  }
}

/** The same context, of which what was lost before is in another file. */
function countFromNow(context: Context): Context {
  const before = context.counts()
  return {
    ...context,
    counts() {
      const now = context.counts()
      return {
        lost: now.lost - before.lost,
        malformed: now.malformed - before.malformed,
        evicted: now.evicted - before.evicted,
      }
    },
  }
}
