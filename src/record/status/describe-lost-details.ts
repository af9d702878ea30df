import { formatPlural } from '../../show/format-number.js'

/** What the probe did not see and that is no attempt, in totals since load. */
export interface LostDetails {
  /** Calls of connect(2) that nothing is known of when they return; what became an attempt is recorded all the same */
  readonly calls: number
  /** Cgroups that were made */
  readonly cgroups: number
}

/** A line for each kind that there is. */
export function describeLostDetails({ calls, cgroups }: LostDetails): string[] {
  const were = (count: number) => (count === 1 ? 'was' : 'were')
  return [
    ...(calls > 0
      ? [`LOST ${formatPlural(calls, 'connect call')} that ${were(calls)} not looked at (local errors may be missing)`]
      : []),
    ...(cgroups > 0
      ? [
          `${formatPlural(cgroups, 'cgroup')} ${were(cgroups)} made that ${were(cgroups)} not seen: paths may be missing`,
        ]
      : []),
  ]
}
