import { NO_LOSS } from '../../attempt/loss-causes.js'
import {
  describeCutAnswers,
  describeDnsLoss,
  describeLossCounts,
  describeLostProcesses,
  describeSkippedRuns,
  type DnsLossCounts,
} from '../../attempt/loss-text.js'
import { describeReader } from '../containers/describe-unnamed.js'
import type { ContainerNames } from '../containers/start-reader.js'
import { describeLostDetails } from '../event/describe-lost-details.js'
import { addLostAddresses, type NatRecords } from '../nat/find-addresses.js'
import type { Probe } from '../probe/load-probe.js'

/** What a view without a trace may have lost. */
export interface LiveSources {
  readonly probe: Probe
  readonly containers: Pick<ContainerNames, 'health'>
  /** `null`: names are not read */
  readonly dns: DnsLossCounts | null
  /** `null`: other addresses are not read */
  readonly nat: NatRecords | null
}

/** A line for each kind of loss. */
export function describeLosses({ probe, containers, dns, nat }: LiveSources): string[] {
  const losses = [
    describeLossCounts({ ...NO_LOSS, ...probe.lost() }),
    describeLostProcesses(probe.lostProcesses()),
    describeSkippedRuns(probe.skipped()?.uncovered ?? 0),
    dns && describeDnsLoss(dns),
    describeCutAnswers(dns?.cut ?? 0),
  ]
  const details = describeLostDetails(addLostAddresses(probe.lostDetails(), nat))
  return [...losses.filter((loss) => loss !== null), ...details, ...describeReader(containers.health())]
}
