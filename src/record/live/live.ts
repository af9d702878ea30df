import { safeLine } from '../../show/safe-text.js'
import { describeLossCounts } from '../../store/loss-text.js'
import type { ViewOptions } from '../../view/view-options.js'
import { createCgroupPaths } from '../host/cgroup-paths.js'
import { findCgroupRoot } from '../host/cgroup-root.js'
import { startClock, type SessionClock } from '../host/clock.js'
import { dropPrivileges, findInvokingUser, requirePrivileges } from '../host/privileges.js'
import { createUserNames, type UserNames } from '../host/user-names.js'
import type { RecordFilters } from '../options/record-filters.js'
import { requireInitialPidNamespace, requireKernelSupport } from '../probe/kernel-support.js'
import { loadProbe, type Probe } from '../probe/load-probe.js'
import { createStopSignal, endOnSignals, refuseDebugger, stopOnSignals } from '../session/stop-signal.js'
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
}

/** Shows attempts as they end, until it is stopped. Loss is told on stderr at the end. */
export async function live(options: LiveOptions): Promise<void> {
  refuseDebugger()
  requireKernelSupport()
  requirePrivileges()
  if (options.filters.pids.length > 0) requireInitialPidNamespace('--pid')
  const users = createUserNames()
  const user = findInvokingUser(users)
  const probe = loadProbe(options.filters, false)
  try {
    dropPrivileges(user)
    await show(options, probe, users)
    const loss = describeLossCounts({ ...probe.lost(), writerBehind: 0 })
    if (loss !== null) process.stderr.write(`${safeLine(loss)}\n`)
    // What is left is a reader that may take its time.
    endOnSignals()
  } finally {
    probe.close()
  }
}

async function show(options: LiveOptions, probe: Probe, users: UserNames): Promise<void> {
  const clock = startClock()
  const output = createLiveOutput(options.view)
  const stop = createStopSignal()
  stopOnSignals(stop)
  const isEmpty = () => probe.ring.pendingBytes() === 0
  const feed = createFeed(options, { probe: { ring: probe.ring, pending: probe.pending, isEmpty }, users, clock })
  probe.start()
  const leftMs = () => ((options.durationNs ?? Infinity) - clock.nowNs()) / 1e6
  output.begin()
  while (stop.reason === null) {
    const nowNs = clock.nowNs()
    output.add(feed.poll(nowNs), nowNs)
    await output.waitForReader(stop, leftMs)
    if (leftMs() <= 0) stop.stop('duration')
    else await stop.wait(Math.min(leftMs(), TICK_MS))
  }
  probe.stop()
  probe.detach()
  const endNs = clock.nowNs()
  output.add(feed.finish(endNs), endNs)
  output.end()
}

/** What is to be shown of a probe's attempts. */
export function createFeed(
  { view, filters }: LiveOptions,
  { probe, users, clock }: { probe: FeedSource; users: UserNames; clock: SessionClock },
): LiveFeed {
  const names = {
    userName: users.nameOf,
    cgroupPath: createCgroupPaths(findCgroupRoot()),
  }
  // With tcpconnlat's columns an attempt is shown when it ends.
  const isAsked = filters.outcomes.length === 0 || filters.outcomes.includes('pending')
  return createLiveFeed(probe, {
    read: createEventReader(names, clock),
    identify: (memory, byteOffset) => identifyEvent(memory, byteOffset, clock.epochNs),
    acceptsPending: isAsked && !view.latency ? (waitedNs) => waitedNs >= filters.minLatencyNs : null,
  })
}
