import type { FuzzTarget } from './fuzz-target.js'
import { createBoltFiles } from './targets/bolt-files.js'
import { createContainerFiles } from './targets/container-files.js'
import { createDnsPackets } from './targets/dns-packets.js'
import { createDurations } from './targets/durations.js'
import { createNetworks } from './targets/networks.js'
import { createRingRecords } from './targets/ring-records.js'
import { createTimes } from './targets/times.js'
import { createTraces } from './targets/traces.js'

/** All targets, by name. */
export const TARGETS: Readonly<Record<string, () => FuzzTarget>> = {
  'ring-records': createRingRecords,
  'dns-packets': createDnsPackets,
  'container-files': createContainerFiles,
  'bolt-files': createBoltFiles,
  'times': createTimes,
  'durations': createDurations,
  'networks': createNetworks,
  'traces': createTraces,
}
