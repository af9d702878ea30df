import { formatPlural } from '../../text/format-number.js'

/** Losses of the probe other than attempts, as totals since load. */
export interface LostDetails {
  /** Calls of connect(2) that were not stored at their entry; calls that become attempts are recorded anyway */
  readonly calls: number
  /** Translated and requested addresses */
  readonly addresses: number
  /** New cgroups */
  readonly cgroups: number
  /** Descendants of COMMAND that are not followed */
  readonly children: number
  /** Calls of getaddrinfo that were evicted before they returned */
  readonly resolves: number
}

/** A line for each kind of loss. */
export function describeLostDetails({ calls, addresses, cgroups, children, resolves }: LostDetails): string[] {
  return [
    ...(calls > 0 ? [`LOST ${formatPlural(calls, 'connect call')}: local errors may be missing`] : []),
    ...(addresses > 0
      ? [`LOST ${formatPlural(addresses, 'address record')}: nat_address and service_address may be missing`]
      : []),
    ...(cgroups > 0 ? [`LOST ${formatPlural(cgroups, 'new cgroup')}: paths may be missing`] : []),
    ...(children > 0
      ? [`LOST ${formatPlural(children, 'descendant')} of the command: their attempts are missing`]
      : []),
    ...(resolves > 0 ? [`LOST ${formatPlural(resolves, 'getaddrinfo call')}: names may be missing`] : []),
  ]
}
