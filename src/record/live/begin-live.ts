import { requestExisting } from '../containers/request-existing.js'
import { createMetadata } from '../dns/metadata-reader.js'
import { createCgroupPaths } from '../host/cgroup-paths.js'
import { startClock } from '../host/clock.js'
import type { HostView } from '../host/host-view.js'
import type { NatRecords } from '../nat/find-addresses.js'
import type { Session } from '../session/begin-session.js'
import type { StartedProbe } from '../session/start-probe.js'
import { createStopSignal, stopOnSignals, type StopSignal } from '../session/stop-signal.js'

/** The parts of a session that showing attempts needs too. */
export type LiveParts = Pick<Session, 'probe' | 'clock' | 'cgroupPaths' | 'containers' | 'metadata'>

/**
 * Begins to show attempts that are not recorded, until a signal stops it.
 * @param nat `null`: other addresses are not shown
 */
export function beginLive(
  host: HostView,
  { probe, containers }: Pick<StartedProbe, 'probe' | 'containers'>,
  nat: NatRecords | null,
): LiveParts & { readonly stop: StopSignal } {
  const clock = startClock()
  const cgroupPaths = createCgroupPaths(host.cgroups)
  requestExisting(containers, cgroupPaths)
  const metadata = createMetadata(probe, { clock, cgroupPaths, hostNetns: host.netns, keepsLookups: false, nat })
  const stop = createStopSignal()
  stopOnSignals(stop)
  return { probe, clock, cgroupPaths, containers, metadata, stop }
}
