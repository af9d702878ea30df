import { formatPlural } from '../../show/format-number.js'
import type { LookupCounts } from './count-lookups.js'

/** What is known of the names that attempts were made by. */
export interface DnsCounts extends LookupCounts {
  /** How lookups were recorded; `null`: not at all */
  readonly source: string | null
  readonly attempts: number
  /** Those of the attempts that have a name */
  readonly named: number
}

/** One line: source, lookups, names, share of attempts with a name. */
export function describeDns({ source, lookups, names, attempts, named }: DnsCounts): string {
  // Attempts alone have names where the lookups came before what is asked about.
  if (source === null && lookups === 0 && named === 0) return 'lookups were not recorded'
  const share = attempts === 0 ? '' : `; ${((100 * named) / attempts).toFixed(1)}% of attempts have a name`
  return `${source ?? 'unknown source'}: ${formatPlural(lookups, 'lookup')} of ${formatPlural(names, 'name')}${share}`
}
