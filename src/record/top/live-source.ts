import type { TopSource } from '../../top/top-view.js'
import type { TopParties } from '../../top/window/top-attempt.js'
import type { RecordingClock } from '../host/clock.js'
import type { UserNames } from '../host/user-names.js'
import type { LiveParts } from '../live/begin-live.js'
import { connectEvent } from '../event/wire.gen.js'
import type { DnsSource } from '../options/record-options.js'
import type { Probe } from '../probe/load-probe.js'
import { createEventAttempts, startOf, type EventAttempts } from './event-attempts.js'

/** An attempt counts as pending after this time, as in `live`. */
const PENDING_AFTER_NS = 200e6

/** What else the table needs. */
export interface LiveSourceOptions {
  readonly users: UserNames
  readonly dnsSource: DnsSource | null
  /** Losses so far, a line each */
  notices(): readonly string[]
  quit(): void
}

/** Attempts of this host, now. */
export function createLiveSource(
  { probe, clock, cgroupPaths, containers, metadata }: LiveParts,
  { users, dnsSource, notices, quit }: LiveSourceOptions,
): { readonly source: TopSource; readonly attempts: EventAttempts } {
  const names = {
    userName: users.nameOf,
    cgroupPath: cgroupPaths.find,
    containerFacts: containers.find,
    dns: dnsSource === null ? null : metadata.names,
  }
  const attempts = createEventAttempts(names, clock)
  const source = {
    title: () => 'live',
    notices: (dimension: string) => [
      ...notices(),
      ...(dimension === 'dns' && dnsSource === null ? ['DNS names are not read: start tcpconn top with --dns'] : []),
    ],
    pending: (nowNs: number) => pendingParties(probe, attempts, clock, nowNs),
    toUnixNs: (nowNs: number) => clock.unixOffsetNs() + BigInt(Math.round(nowNs)),
    quit,
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
