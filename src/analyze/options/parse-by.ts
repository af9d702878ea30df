import { UsageError } from '../../errors.js'
import { nearestName } from '../../options/nearest-name.js'

/** What a query has a row for. */
export interface By<Name extends string> {
  readonly name: Name
  /** Whether those of each host are rows of their own. */
  readonly isByHost: boolean
}

/**
 * Reads `--by` of a query with few ways to group: one of them, `host`, or both with a comma between them.
 * @param names the ways, the first without a word
 * @throws UsageError that suggests the nearest
 */
export function parseBy<Name extends string>(text: string | undefined, names: readonly [Name, ...Name[]]): By<Name> {
  const words = text?.split(',') ?? []
  const [name = names[0], ...more] = words.filter((word) => word !== 'host')
  const known = names.find((one) => one === name)
  if (known !== undefined && more.length === 0 && new Set(words).size === words.length) {
    return { name: known, isByHost: words.includes('host') }
  }
  const last = names.at(-1) as Name
  throw new UsageError('--by', text ?? '', `${names.join(', ')}, host, or host,${last}`, nearestBy(words, names))
}

/** What was meant where a single word is wrong. */
function nearestBy(words: readonly string[], names: readonly string[]): string | null {
  const meant = words.map((word) => nearestName(word, [...names, 'host']))
  return meant.includes(null) || new Set(meant).size < meant.length ? null : meant.join(',')
}
