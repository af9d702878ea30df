import { sleep } from '../host/clock.js'
import type { ProbeOptions } from '../options/record-options.js'
import type { LostDetails } from '../event/describe-lost-details.js'
import { chooseApproach, type Approach } from './approach.js'
import { attachPrograms } from './attach-programs.js'
import { configureProbe, metadataRingBytes, fillFilters, followProcess } from './configure-probe.js'
import { createMetadataRing, type MetadataRing } from './metadata-ring.js'
import { openLibbpf } from '../native/libbpf.js'
import { captureLibbpfLog } from '../native/libbpf-log.js'
import { mapMemory, type Mapping } from '../native/memory.js'
import { createPendingReader, processKeysOf, type PendingEvents } from './pending.js'
import { PROBE_OBJECT } from './probe-file.js'
import { openObject, type ProbeObject } from './probe-object.js'
import { openRingBuffer } from './ring-buffer.js'
import { createRingReader, type RingReader } from './ring-reader.js'
import { openState } from './probe-state.js'
import type { SkippedRuns } from './skipped-runs.js'
import { tryTo, watchSkips } from './watch-skips.js'
import { bucket } from '../event/wire.gen.js'

/** As in bpf/tcpconn.bpf.c. */
export const RING_BYTES = 8 * 1024 * 1024
const IN_FLIGHT_MS = 10
/** Number of superseded processes from which they are removed: 3 MB. */
const MAX_SUPERSEDED = 16_384

/** The attached probe. It records attempts between `start` and `stop`. */
export interface Probe {
  readonly ring: RingReader
  /** Metadata of attempts */
  readonly metadata: MetadataRing
  /** Descriptor of the ring of new cgroups, for the reader of container names */
  readonly newCgroupsFd: number
  /** Gaps of the requested features, one line each */
  readonly gaps: readonly string[]
  /** Totals since load, by cause. */
  lost(): { ringFull: number; mapFull: number }
  /** DNS records lost because the metadata ring was full, since load. */
  lostMetadata(): number
  /** Losses other than attempts, since load. */
  lostDetails(): LostDetails
  /** Attempts without a process because the ring was full, since load. They are not lost. */
  lostProcesses(): number
  /** Call periodically: attaches programs that exact ends require. @param attempts recorded so far */
  tend(attempts: number): void
  /** Skipped runs of the programs since load; `null`: the kernel does not count them. */
  skipped(): SkippedRuns | null
  /** Removes processes without attempts once there are many. */
  forgetProcesses(): void
  /** Follows this process and its future children. Requires `followsCommand`. */
  follow(pid: number): void
  start(): void
  /** Stops recording new attempts; pending ones still end. */
  stop(): void
  /**
   * Detaches the programs. Afterwards only running calls of getaddrinfo still add names. The ring and the map of
   * pending attempts keep their contents.
   */
  detach(): void
  /** The pending attempts; exact after `detach`. */
  pending(): PendingEvents
  close(): void
}

/**
 * Loads and attaches the probe. Requires root, or CAP_BPF and CAP_PERFMON; packets require CAP_NET_ADMIN, libcs and
 * system calls CAP_SYS_ADMIN. Later calls require no privileges, except that `pending` and `follow` require CAP_BPF on
 * older kernels.
 * @throws E_LIBBPF_MISSING, E_PROBE, E_USAGE (pinned maps), E_NO_CGROUP2, E_NO_LIBC, E_NO_TRACEFS
 */
export function loadProbe(options: ProbeOptions): Probe {
  const libbpf = openLibbpf()
  const log = captureLibbpfLog(libbpf)
  try {
    return openProbe(openObject(libbpf, PROBE_OBJECT, log), options)
  } finally {
    log.stop()
  }
}

/** Programs of a partly opened probe would stay attached until this process exits. */
function openProbe(object: ProbeObject, options: ProbeOptions): Probe {
  const approach = chooseApproach()
  try {
    configureProbe(object, options, approach)
    object.load()
    fillFilters(object, options.filters)
    return followAll(object, options, approach)
  } catch (error) {
    object.close()
    throw error
  }
}

function followAll(object: ProbeObject, options: ProbeOptions, approach: Approach): Probe {
  const gaps = attachPrograms(object, options, approach)
  const ring = createRingReader(openRingBuffer(object.mapFd('events'), RING_BYTES))
  const metadata = createMetadataRing(openRingBuffer(object.mapFd('metadata'), metadataRingBytes(options)))
  const state = openState(object)
  const watch = watchSkips(object, approach)
  const buckets = approach.hasBuckets ? mapBuckets(object) : null
  const pending = createPendingReader(
    object.libbpf,
    { buckets: buckets?.buffer ?? null, fd: object.mapFd('pending') },
    ring,
  )
  return {
    ring,
    metadata,
    newCgroupsFd: object.mapFd('new_cgroups'),
    gaps,
    lost: state.lost,
    lostMetadata: state.lostMetadata,
    lostDetails: state.lostDetails,
    lostProcesses: state.lostProcesses,
    tend: watch.tick,
    skipped: watch.skipped,
    forgetProcesses: createForgetting(ring, pending),
    follow: (pid) => followProcess(object, pid),
    start: () => state.setRecording(1),
    stop: () => state.setRecording(0),
    detach() {
      // Detaches the catchers first: otherwise they would take ends during the detach for missed ones.
      object.detach(approach.catchers)
      // A running program has ended after this time: it takes a microsecond.
      sleep(IN_FLIGHT_MS)
      const { final } = approach
      if (final !== null && (watch.skipped()?.uncovered ?? 0) > 0) tryTo(() => object.run(final))
    },
    pending,
    close() {
      buckets?.unmap()
      ring.close()
      metadata.close()
      state.close()
      object.close()
    },
  }
}

function mapBuckets(object: ProbeObject): Mapping {
  const count = object.libbpf.maxEntries(object.map('buckets'))
  return mapMemory(object.mapFd('buckets'), 'read', 0, count * bucket.size_bytes)
}

/**
 * Checks the pending attempts when there are many superseded processes, and again whenever their number has doubled.
 */
function createForgetting(ring: RingReader, pending: () => PendingEvents): () => void {
  let limit = MAX_SUPERSEDED
  return () => {
    const count = ring.processes.supersededCount
    if (count < limit) {
      limit = Math.max(MAX_SUPERSEDED, Math.min(limit, 2 * count))
      return
    }
    limit = 2 * count
    ring.forgetProcesses(() => {
      const events = pending()
      return { words: events.words, wordOffsets: processKeysOf(events) }
    })
  }
}
