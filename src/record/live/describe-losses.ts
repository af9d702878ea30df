import {
  describeCutAnswers,
  describeDnsLoss,
  describeLossCounts,
  describeLostProcesses,
  describeSkippedRuns,
  type DnsLossCounts,
} from '../../attempt/loss-text.js'
import { describeLostDetails } from '../event/describe-lost-details.js'
import { addLostAddresses, type NatRecords } from '../nat/find-addresses.js'
import type { Probe } from '../probe/load-probe.js'

/**
 * A line for each kind of loss of a view without a trace.
 * @param dns `null`: names are not read
 * @param nat `null`: other addresses are not read
 */
export function describeLosses(probe: Probe, dns: DnsLossCounts | null, nat: NatRecords | null): string[] {
  const losses = [
    describeLossCounts({ ...probe.lost(), writerBehind: 0, missed: 0, skipped: 0 }),
    describeLostProcesses(probe.lostProcesses()),
    describeSkippedRuns(probe.skipped()?.uncovered ?? 0),
    dns && describeDnsLoss(dns),
    describeCutAnswers(dns?.cut ?? 0),
  ]
  const details = describeLostDetails(addLostAddresses(probe.lostDetails(), nat))
  return [...losses.filter((loss) => loss !== null), ...details]
}
