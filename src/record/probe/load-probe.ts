import { sleep } from '../host/sleep.js'
import type { ProbeOptions } from '../options/probe-options.js'
import type { LostDetails } from '../status/describe-lost-details.js'
import { chooseApproach, type Approach } from './approach.js'
import { attachPrograms } from './attach-programs.js'
import { configureProbe, contextRingBytes, fillFilters, followProcess } from './configure-probe.js'
import { openContextRing, type ContextRing } from './context-ring.js'
import { openLibbpf } from './libbpf.js'
import { captureLibbpfLog } from './libbpf-log.js'
import { mapMemory, type Mapping } from './memory.js'
import { createPendingReader, processKeysOf, type PendingEvents } from './pending.js'
import { PROBE_OBJECT } from './probe-file.js'
import { openObject, type ProbeObject } from './probe-object.js'
import { openRing, type RingReader } from './ring-reader.js'
import { openState } from './probe-state.js'
import type { SkippedRuns } from './skipped-runs.js'
import { tryTo, watchSkips } from './watch-skips.js'
import { bucket } from './wire.gen.js'

/** As in bpf/tcpconn.bpf.c. */
export const RING_BYTES = 8 * 1024 * 1024
const IN_FLIGHT_MS = 10
/** Superseded processes beyond which they are forgotten: 3 MB. */
const MAX_SUPERSEDED = 16_384

/** The probe, attached. It takes up attempts between `start` and `stop`. */
export interface Probe {
  readonly ring: RingReader
  /** What explains attempts */
  readonly context: ContextRing
  /** What it does not follow although it was asked for, a line each */
  readonly gaps: readonly string[]
  /** Totals since load, by cause. */
  lost(): { ringFull: number; mapFull: number; missed: number }
  /** Records of DNS that found no room in the context ring, since load. */
  lostContext(): number
  /** What was not seen and is no attempt, since load. */
  lostDetails(): LostDetails
  /** Attempts whose process found no room in the ring, since load. They are not lost. */
  lostProcesses(): number
  /** To be called now and then: attaches what is needed for exact ends. @param attempts recorded so far */
  tend(attempts: number): void
  /** Runs of its programs that the kernel skipped, since load; `null`: it does not count them. */
  skipped(): SkippedRuns | null
  /** Forgets processes that no attempt refers to any more, when there are many. */
  forgetProcesses(): void
  /** Follows this process and all that it forks from now on. Only with `followsCommand`. */
  follow(pid: number): void
  start(): void
  /** Takes up no more attempts; those that are pending still end. */
  stop(): void
  /**
   * Nothing changes any more but for calls of getaddrinfo that were under way: their names still come. What is in the ring and
   * in the map of pending attempts stays.
   */
  detach(): void
  /** The attempts that have no answer yet; exactly these after `detach`. */
  pending(): PendingEvents
  close(): void
}

/**
 * Loads and attaches the probe. Needs root or CAP_BPF and CAP_PERFMON, packets CAP_NET_ADMIN, libcs and calls
 * CAP_SYS_ADMIN; nothing that follows does, but `pending` and `follow` need CAP_BPF on older kernels.
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

/** Programs of a probe that cannot be had whole would stay attached until this process ends. */
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
  const ring = openRing(object.mapFd('events'), RING_BYTES)
  const context = openContextRing(object.mapFd('context'), contextRingBytes(options))
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
    context,
    gaps,
    lost: state.lost,
    lostContext: state.lostContext,
    lostDetails: state.lostDetails,
    lostProcesses: state.lostProcesses,
    tend: watch.tick,
    skipped: watch.skipped,
    forgetProcesses: createForgetting(ring, pending),
    follow: (pid) => followProcess(object, pid),
    start: () => state.setRecording(1),
    stop: () => state.setRecording(0),
    detach() {
      // What catches missed ends before what follows them: ends of the meantime would seem missed.
      object.detach(approach.catchers)
      // A program that was running then has long ended after this: it takes a microsecond.
      sleep(IN_FLIGHT_MS)
      const { final } = approach
      if (final !== null && (watch.skipped()?.uncovered ?? 0) > 0) tryTo(() => object.run(final))
    },
    pending,
    close() {
      buckets?.unmap()
      ring.close()
      context.close()
      state.close()
      object.close()
    },
  }
}

function mapBuckets(object: ProbeObject): Mapping {
  const count = object.libbpf.maxEntries(object.map('buckets'))
  return mapMemory(object.mapFd('buckets'), 'read', 0, count * bucket.size_bytes)
}

/** Looks at the pending attempts when the superseded processes are many, and again when these have doubled in number. */
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
