import { OUTCOMES, type Outcome } from '../../attempt/outcome.js'
import { isFailed } from './is-failed.js'
import type { Grouped } from './group-window.js'
import type { TopEndpoint, TopProcess } from './top-attempt.js'

/** Failures of a row with the same outcome and errno. */
export interface RowFailure {
  readonly outcome: Outcome
  readonly errno: number
  readonly count: number
  /** Start of the last one, Unix time in ns */
  readonly lastUnixNs: number
}

export interface RowAttempt {
  readonly unixNs: number
  readonly latencyNs: number | null
  readonly outcome: Outcome
  readonly errno: number
  readonly synRetransmits: number
  /** `null`: it did not fit */
  readonly process: TopProcess | null
  readonly endpoint: TopEndpoint | null
  readonly name: string | null
}

/** What an opened row shows. */
export interface RowContents {
  /** Most frequent first */
  readonly failures: readonly RowFailure[]
  /** The last that ended, at most the number that was asked for; latest start first */
  readonly latest: readonly RowAttempt[]
}

/** The failures and the latest attempts of a row within the window. @param index position in `Grouped.rows` */
export function readRow(grouped: Grouped, index: number, limit: number): RowContents {
  const { view, ids, rowOfId } = grouped
  const { columns, bounds, entities } = view
  const failures = new Map<number, { -readonly [Name in keyof RowFailure]: RowFailure[Name] }>()
  const latest: RowAttempt[] = []
  for (let position = (bounds.at(-1) as number) - 1; position >= (bounds[0] as number); position--) {
    const at = position & columns.mask
    if (rowOfId[ids[at] as number] !== index) continue
    const [code, errno] = [columns.outcome[at] as number, columns.errno[at] as number]
    const outcome = OUTCOMES[code] ?? 'pending'
    const unixNs = columns.unixNs[at] as number
    if (isFailed(code)) {
      const key = code * 65_536 + errno
      const known = failures.get(key)
      if (known === undefined) failures.set(key, { outcome, errno, count: 1, lastUnixNs: unixNs })
      else {
        known.count++
        known.lastUnixNs = Math.max(known.lastUnixNs, unixNs)
      }
    }
    if (latest.length >= limit) continue
    const latencyNs = columns.latencyNs[at] as number
    latest.push({
      unixNs,
      latencyNs: Number.isNaN(latencyNs) ? null : latencyNs,
      outcome,
      errno,
      synRetransmits: columns.synRetransmits[at] as number,
      process: entities.process.valueOf(columns.process[at] as number),
      endpoint: entities.endpoint.valueOf(columns.endpoint[at] as number),
      name: entities.name.valueOf(columns.name[at] as number),
    })
  }
  return {
    failures: [...failures.values()].toSorted((a, b) => b.count - a.count),
    latest: latest.toSorted((a, b) => b.unixNs - a.unixNs),
  }
}
