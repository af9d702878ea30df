import { safeLine } from '../../show/safe-text.js'
import { describeDnsLoss, type DnsLossCounts } from '../../store/dns-loss-text.js'
import { describeLossCounts, describeLostProcesses, describeSkippedRuns } from '../../store/loss-text.js'
import type { ViewOptions } from '../../view/view-options.js'
import { createCgroupPaths, type CgroupPaths } from '../host/cgroup-paths.js'
import { findCgroupRoot } from '../host/cgroup-root.js'
import { startClock, type SessionClock } from '../host/clock.js'
import { explainEvents } from '../dns/explain-events.js'
import type { NameCache } from '../dns/name-cache.js'
import type { UserNames } from '../host/user-names.js'
import type { DnsSource } from '../options/probe-options.js'
import type { RecordFilters } from '../options/record-filters.js'
import type { Probe } from '../probe/load-probe.js'
import { startProbe } from '../session/start-probe.js'
import { createStopSignal, endOnSignals, stopOnSignals } from '../session/stop-signal.js'
import { describeLostDetails } from '../status/describe-lost-details.js'
import { createEventReader, identifyEvent } from './event-row.js'
import { createLiveFeed, type FeedSource, type LiveFeed } from './live-feed.js'
import { createLiveOutput } from './live-output.js'

const TICK_MS = 50

/** What the command line asks of `live`. */
export interface LiveOptions {
  readonly view: ViewOptions
  /** In the kernel, the minimum of tcpconnlat's columns among them */
  readonly filters: RecordFilters
  /** `null`: until it is stopped */
  readonly durationNs: number | null
  /** `null`: names are not looked at */
  readonly dnsSource: DnsSource | null
  /** Whether connects that fail in the system call are shown */
  readonly localErrors: boolean
}

/** Shows attempts as they end, until it is stopped. Loss is told on stderr at the end. */
export async function live(options: LiveOptions): Promise<void> {
  const { probe, users } = startProbe({ ...options, followsCommand: false })
  try {
    const dns = await show(options, probe, users)
    const losses = [
      describeLossCounts({ ...probe.lost(), writerBehind: 0, skipped: 0 }),
      describeLostProcesses(probe.lostProcesses()),
      describeSkippedRuns(probe.skipped()?.uncovered ?? 0),
      options.dnsSource && describeDnsLoss(dns),
    ]
    for (const loss of [...losses, ...describeLostDetails(probe.lostDetails())]) {
      if (loss !== null) process.stderr.write(`${safeLine(loss)}\n`)
    }
    // What is left is a reader that may take its time.
    endOnSignals()
  } finally {
    probe.close()
  }
}

async function show(options: LiveOptions, probe: Probe, users: UserNames): Promise<DnsLossCounts> {
  const clock = startClock()
  const cgroupPaths = createCgroupPaths(findCgroupRoot())
  const { context, explain } = explainEvents(probe, { clock, cgroupPaths, keepsLookups: false })
  const output = createLiveOutput(options.view)
  const stop = createStopSignal()
  stopOnSignals(stop)
  const isEmpty = () => probe.ring.pendingBytes() === 0
  const source = { ring: probe.ring, explain, pending: probe.pending, isEmpty }
  const feed = createFeed(options, { probe: source, names: { users, cgroupPaths, dns: context.names }, clock })
  probe.start()
  const leftMs = () => ((options.durationNs ?? Infinity) - clock.nowNs()) / 1e6
  let shown = 0
  output.begin()
  while (stop.reason === null) {
    const nowNs = clock.nowNs()
    const rows = feed.poll(nowNs)
    shown += rows.length
    probe.tend(shown)
    probe.forgetProcesses()
    output.add(rows, nowNs)
    await output.waitForReader(stop, leftMs)
    if (leftMs() <= 0) stop.stop('duration')
    else await stop.wait(Math.min(leftMs(), TICK_MS))
  }
  probe.stop()
  probe.detach()
  context.finish()
  const endNs = clock.nowNs()
  output.add(feed.finish(endNs), endNs)
  output.end()
  return context.counts()
}

/** Where the names of a row come from. */
export interface FeedNames {
  readonly users: UserNames
  readonly cgroupPaths: CgroupPaths
  /** Read where the options ask for names */
  readonly dns: NameCache
}

/** What is to be shown of a probe's attempts. */
export function createFeed(
  { view, filters, dnsSource }: LiveOptions,
  { probe, names, clock }: { probe: FeedSource; names: FeedNames; clock: SessionClock },
): LiveFeed {
  const { users, cgroupPaths } = names
  const dns = dnsSource === null ? null : names.dns
  // With tcpconnlat's columns an attempt is shown when it ends.
  const isAsked = filters.outcomes.length === 0 || filters.outcomes.includes('pending')
  return createLiveFeed(probe, {
    read: createEventReader({ userName: users.nameOf, cgroupPath: cgroupPaths.find, dns }, clock),
    identify: (memory, byteOffset) => identifyEvent(memory, byteOffset, clock.epochNs),
    acceptsPending: isAsked && !view.latency ? (waitedNs) => waitedNs >= filters.minLatencyNs : null,
  })
}
