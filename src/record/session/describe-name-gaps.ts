import { formatCount, formatPlural } from '../../text/format-number.js'
import { MAX_KEPT } from '../host/cgroup-paths.js'
import type { HostView } from '../host/host-view.js'

/** Names that a session lacks, known at its end. */
export interface NameGaps {
  /** Users of the host without a name, by uid */
  readonly unnamedUids: ReadonlySet<number>
  /** Whether the host has more cgroups than the recorder reads */
  readonly isCgroupsCut: boolean
}

/** A line for each kind of missing names. */
export function describeNameGaps(gaps: NameGaps, { root }: Pick<HostView, 'root'>): string[] {
  const source =
    root === '/'
      ? 'not in /etc/passwd, and getent passwd did not find them in time'
      : "not in the host's /etc/passwd, the only source of names in a container"
  return [
    // Without the files of the host no user has a name: a gap of the host view.
    ...(gaps.unnamedUids.size > 0 && root !== null
      ? [`${formatPlural(gaps.unnamedUids.size, 'user')} of the host without a name: ${source}`]
      : []),
    ...(gaps.isCgroupsCut
      ? [`the host has more than ${formatCount(MAX_KEPT)} cgroups: paths of the others may be missing`]
      : []),
  ]
}
