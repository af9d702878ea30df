import type { TopSource } from '../../top/top-view.js'
import type { TopParties } from '../../top/window/top-attempt.js'
import type { ContainerNames } from '../containers/start-reader.js'
import type { CgroupPaths } from '../host/cgroup-paths.js'
import type { RecordingClock } from '../host/clock.js'
import type { UserNames } from '../host/user-names.js'
import type { NameCache } from '../dns/name-cache.js'
import { connectEvent } from '../event/wire.gen.js'
import type { DnsSource } from '../options/record-options.js'
import type { Probe } from '../probe/load-probe.js'
import { createEventAttempts, startOf, type EventAttempts } from './event-attempts.js'

/** An attempt counts as pending after this time, as in `live`. */
const PENDING_AFTER_NS = 200e6

/** What a probe and its recording give to the table. */
export interface LiveParts {
  readonly probe: Probe
  readonly clock: RecordingClock
  readonly users: UserNames
  readonly cgroupPaths: CgroupPaths
  readonly containers: ContainerNames
  readonly dns: NameCache
  readonly dnsSource: DnsSource | null
  /** Losses so far, a line each */
  notices(): readonly string[]
  quit(): void
}

/** Attempts of this host, now. */
export function createLiveSource(parts: LiveParts): { readonly source: TopSource; readonly attempts: EventAttempts } {
  const { probe, clock, users, cgroupPaths, containers, dns, dnsSource } = parts
  const names = {
    userName: users.nameOf,
    cgroupPath: cgroupPaths.find,
    containerFacts: containers.find,
    dns: dnsSource === null ? null : dns,
  }
  const attempts = createEventAttempts(names, clock)
  const source = {
    title: () => 'live',
    notices: (dimension: string) => [
      ...parts.notices(),
      ...(dimension === 'dns' && dnsSource === null ? ['DNS names are not read: start tcpconn top with --dns'] : []),
    ],
    pending: (nowNs: number) => pendingParties(probe, attempts, clock, nowNs),
    toUnixNs: (nowNs: number) => clock.unixOffsetNs() + BigInt(Math.round(nowNs)),
    quit: parts.quit,
    replay: null,
  }
  return { source, attempts }
}

function* pendingParties(
  probe: Pick<Probe, 'pending'>,
  attempts: EventAttempts,
  { epochNs }: Pick<RecordingClock, 'epochNs'>,
  nowNs: number,
): Generator<TopParties> {
  const events = probe.pending()
  for (let i = 0; i < events.count; i++) {
    const byteOffset = i * connectEvent.size_bytes
    if (nowNs - startOf(events.words, byteOffset, epochNs) < PENDING_AFTER_NS) continue
    yield attempts.readParties(events, byteOffset, nowNs)
  }
}
