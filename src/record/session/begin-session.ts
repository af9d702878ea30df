import { basename } from 'node:path'
import { createCgroupPaths, type CgroupPaths } from '../host/cgroup-paths.js'
import { startClock, startFile, type FileStart, type RecordingClock } from '../host/clock.js'
import { requestExisting } from '../containers/request-existing.js'
import type { ContainerNames } from '../containers/start-reader.js'
import type { UserNames } from '../host/user-names.js'
import { createMetadata, type Metadata } from '../dns/metadata-reader.js'
import { addLostAddresses, createNatRecords } from '../nat/find-addresses.js'
import { describeFilters } from '../options/describe-filters.js'
import type { RecordOptions } from '../options/record-options.js'
import { RING_BYTES, type Probe } from '../probe/load-probe.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import type { LostDetails } from '../event/describe-lost-details.js'
import { TOOL_VERSION } from '../../base/package.js'
import { createTraceWriter, type TraceWriter } from '../write/trace-writer.js'
import type { KernelCount } from '../count/kernel-count.js'
import type { Output } from '../output/open-output.js'
import { insertSession } from './session-row.js'
import { startFault } from '../output/write-fault.js'

/** Time limit of a write for locks. Attempts stay in the ring, and the next tick tries again. */
const WRITE_WAIT_MS = 100

/** The shared state of a running recording. */
export interface Session {
  readonly id: number
  readonly options: RecordOptions
  readonly probe: Probe
  readonly output: Output
  /** The same for all files of a recording */
  readonly clock: RecordingClock
  /** Of the file */
  readonly start: FileStart
  readonly writer: TraceWriter
  readonly metadata: Metadata
  readonly cgroupPaths: CgroupPaths
  readonly containers: ContainerNames
  /** `null` if only a part of the host is recorded, so that a comparison is impossible */
  readonly kernelCount: KernelCount | null
  /** Limits of this host and gaps of the requested features, one sentence each */
  readonly limits: readonly string[]
  /** Counts of the probe when the session began */
  readonly countedBefore: ProbeCounts
}

/** Counts of the probe other than lost attempts. */
export interface ProbeCounts {
  /** `null`: this kernel does not count them */
  readonly skipped: SkippedRuns | null
  /** Attempts whose process is unknown */
  readonly lostProcesses: number
  readonly lostDetails: LostDetails
}

interface Parts extends Pick<Session, 'options' | 'probe' | 'output' | 'containers' | 'kernelCount' | 'limits'> {
  /** Running; the default starts now. */
  readonly clock?: RecordingClock
  /** The default is now. */
  readonly start?: FileStart
}

/**
 * Adds the session to the trace and creates its writer. Recording has not begun yet: after an error the trace is closed
 * and unchanged.
 * @throws E_DISK_FULL, E_LOCKED_TRACE, E_DAMAGED_TRACE, E_CANNOT_OPEN
 */
export function beginSession(
  { clock = startClock(), start = startFile(clock), ...parts }: Parts,
  users: UserNames,
): Session {
  const { host, dnsSource, nat } = parts.options
  const cgroupPaths = createCgroupPaths(host.cgroups)
  requestExisting(parts.containers, cgroupPaths)
  const metadata = createMetadata(parts.probe, {
    clock,
    cgroupPaths,
    hostNetns: host.netns,
    keepsLookups: dnsSource !== null,
    nat: nat ? createNatRecords() : null,
  })
  return addSession({ ...parts, clock, start, cgroupPaths, metadata }, users)
}

/**
 * The session of the next file. It continues where the previous file is finished; `first` is the first session of this
 * recording.
 * @throws as `beginSession`, and leaves the next file in the same state
 */
export function continueSession(first: Session, next: Pick<Session, 'output' | 'start'>, users: UserNames): Session {
  return addSession({ ...first, ...next }, users)
}

type SessionParts = Omit<Session, 'id' | 'writer' | 'countedBefore'>

function addSession(parts: SessionParts, users: UserNames): Session {
  const { db, path, abandon, waitForLocks } = parts.output
  try {
    // All or nothing: a damaged trace may cause an error after the insert of the session row.
    const session = db.transaction(() => createSession(parts, users)).immediate()
    // Lets readers detect the missing log in a copy of the file alone.
    db.pragma('wal_checkpoint(PASSIVE)')
    waitForLocks(WRITE_WAIT_MS)
    return session
  } catch (cause) {
    const fault = startFault(path, cause)
    abandon()
    throw fault
  }
}

function createSession(parts: SessionParts, users: UserNames): Session {
  const { options, probe, output, clock, start, metadata, cgroupPaths, containers, limits } = parts
  const id = insertSession(output.db, {
    toolVersion: TOOL_VERSION,
    commandLine: options.commandLine,
    filters: describeFilters(options.filters, options.command),
    ringBytes: RING_BYTES,
    startedUnixNs: start.unixNs,
    dnsSource: options.dnsSource,
    dnsPorts: options.dnsPorts,
    localErrors: options.localErrors,
    nat: options.nat,
    host: options.host.name,
    rotationBase: options.rotation && basename(options.file),
    limits,
  })
  const writer = createTraceWriter(output.db, {
    sessionId: id,
    epochNs: clock.epochNs,
    sinceNs: start.sinceNs,
    names: {
      userName: users.nameOf,
      cgroupPath: cgroupPaths.find,
      containerFacts: containers.find,
      hostNetns: options.host.netns,
      owners: containers.owners,
      nested: containers.nested,
    },
    metadata: options.dnsSource === null ? null : metadata,
    nat: metadata.nat,
  })
  const countedBefore = readProbeCounts({ probe, metadata })
  return { ...parts, id, writer, countedBefore }
}

/** Counts since the probe was loaded. */
export function readProbeCounts({ probe, metadata }: Pick<Session, 'probe' | 'metadata'>): ProbeCounts {
  return {
    skipped: probe.skipped(),
    lostProcesses: probe.lostProcesses(),
    lostDetails: addLostAddresses(probe.lostDetails(), metadata.nat),
  }
}

/** The difference of two readings. */
export function subtractCounts(now: ProbeCounts, before: ProbeCounts): ProbeCounts {
  return {
    skipped: now.skipped && {
      all: now.skipped.all - (before.skipped?.all ?? 0),
      uncovered: now.skipped.uncovered - (before.skipped?.uncovered ?? 0),
    },
    lostProcesses: now.lostProcesses - before.lostProcesses,
    lostDetails: {
      calls: now.lostDetails.calls - before.lostDetails.calls,
      addresses: now.lostDetails.addresses - before.lostDetails.addresses,
      cgroups: now.lostDetails.cgroups - before.lostDetails.cgroups,
      children: now.lostDetails.children - before.lostDetails.children,
      resolves: now.lostDetails.resolves - before.lostDetails.resolves,
    },
  }
}

/** The same metadata, without losses that belong to an earlier file. */
export function countFromNow(metadata: Metadata): Metadata {
  const before = metadata.counts()
  return {
    ...metadata,
    counts() {
      const now = metadata.counts()
      return {
        lost: now.lost - before.lost,
        malformed: now.malformed - before.malformed,
        evicted: now.evicted - before.evicted,
        cut: (now.cut ?? 0) - (before.cut ?? 0),
      }
    },
  }
}
