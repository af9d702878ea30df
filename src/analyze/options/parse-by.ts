import { UsageError } from '../../base/errors.js'
import { nearestName } from '../../text/nearest-name.js'

/** What `--by` selects. */
export interface By {
  readonly name: string
  /** Whether each host has its own rows. */
  readonly isByHost: boolean
}

/**
 * Parses `--by` of a query with few dimensions: a dimension, `host`, or both separated by a comma.
 * @param names the dimensions; the first is the default
 * @throws UsageError that suggests the nearest name
 */
export function parseBy(text: string | undefined, names: readonly [string, ...string[]]): By {
  const words = text?.split(',') ?? []
  const [name = names[0], ...more] = words.filter((word) => word !== 'host')
  if (names.includes(name) && more.length === 0 && new Set(words).size === words.length) {
    return { name, isByHost: words.includes('host') }
  }
  const accepted = `${names.join(', ')}, host, or host,${names.at(-1)}`
  throw new UsageError('--by', text ?? '', accepted, nearestBy(words, names))
}

/** The nearest name, if only one word is wrong. */
function nearestBy(words: readonly string[], names: readonly string[]): string | null {
  const meant = words.map((word) => nearestName(word, [...names, 'host']))
  return meant.includes(null) || new Set(meant).size < meant.length ? null : meant.join(',')
}
