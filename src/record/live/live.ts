import { safeLine } from '../../text/safe-text.js'
import type { DnsLossCounts } from '../../attempt/loss-text.js'
import type { ViewOptions } from '../../view/view-options.js'
import type { HostView } from '../host/host-view.js'
import { createNatRecords, type NatRecords } from '../nat/find-addresses.js'
import type { UserNames } from '../host/user-names.js'
import type { DnsSource, RecordFilters } from '../options/record-options.js'
import { startProbe, type StartedProbe } from '../session/start-probe.js'
import { endOnSignals } from '../session/stop-signal.js'
import { beginLive, type LiveParts } from './begin-live.js'
import { describeLosses } from './describe-losses.js'
import { createEventReader, identifyEvent } from './event-row.js'
import { createLiveFeed, feedAttempts, type LiveFeed } from './live-feed.js'
import { createLiveOutput } from './live-output.js'

const TICK_MS = 50

/** Options of `live`. */
export interface LiveOptions {
  readonly view: ViewOptions
  /** Filters in the kernel, including the minimum latency of tcpconnlat */
  readonly filters: RecordFilters
  readonly host: HostView
  /** `null`: until stopped */
  readonly durationNs: number | null
  /** `null`: names are not recorded */
  readonly dnsSource: DnsSource | null
  /** Remote ports of DNS packets */
  readonly dnsPorts: readonly number[]
  /** Whether to show connects that fail in the system call */
  readonly localErrors: boolean
  /** Whether to show translated addresses, and those that a BPF program replaced in connect(2) */
  readonly nat: boolean
}

/** Shows attempts as they end, until stopped. Reports losses on stderr at the end. */
export async function live(options: LiveOptions): Promise<void> {
  const { probe, containers, users } = startProbe({ ...options, followsCommand: false })
  const nat = options.nat ? createNatRecords() : null
  try {
    const dns = await show(options, { probe, containers, users, nat })
    for (const loss of describeLosses({
      probe,
      containers,
      dns: options.dnsSource === null ? null : dns,
      nat,
    })) {
      process.stderr.write(`${safeLine(loss)}\n`)
    }
    // Only a slow reader is left to wait for.
    endOnSignals()
  } finally {
    containers.close()
    probe.close()
  }
}

interface Started extends Pick<StartedProbe, 'probe' | 'containers' | 'users'> {
  readonly nat: NatRecords | null
}

async function show(options: LiveOptions, { probe, containers, users, nat }: Started): Promise<DnsLossCounts> {
  const parts = beginLive(options.host, { probe, containers }, nat)
  const { clock, metadata, stop } = parts
  const output = createLiveOutput(options.view)
  const feed = createFeed(options, { ...parts, users })
  probe.start()
  const leftMs = () => ((options.durationNs ?? Infinity) - clock.nowNs()) / 1e6
  let shown = 0
  output.begin()
  while (stop.reason === null) {
    const nowNs = clock.nowNs()
    feedAttempts(feed, probe.ring, metadata)
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
  metadata.finish()
  feedAttempts(feed, probe.ring, metadata)
  const endNs = clock.nowNs()
  output.add(feed.finish(endNs), endNs)
  output.end()
  return metadata.counts()
}

/** Creates the feed of rows to show for a probe. */
export function createFeed(
  { view, filters, dnsSource, host: { netns: hostNetns } }: LiveOptions,
  { probe, clock, cgroupPaths, containers, metadata, users }: LiveParts & { readonly users: UserNames },
): LiveFeed {
  // With the columns of tcpconnlat, an attempt is shown when it ends.
  const isAsked = filters.outcomes.length === 0 || filters.outcomes.includes('pending')
  return createLiveFeed(probe, {
    read: createEventReader(
      {
        userName: users.nameOf,
        cgroupPath: cgroupPaths.find,
        containerFacts: containers.find,
        owners: containers.owners,
        nested: containers.nested,
        hostNetns,
        dns: dnsSource === null ? null : metadata.names,
        nat: metadata.nat,
      },
      clock,
    ),
    identify: (memory, byteOffset) => identifyEvent(memory, byteOffset, clock.epochNs),
    acceptsPending: isAsked && !view.latency ? (waitedNs) => waitedNs >= filters.minLatencyNs : null,
  })
}
