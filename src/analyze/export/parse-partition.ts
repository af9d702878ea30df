import { UsageError } from '../../errors.js'

/** What the files of a data set are divided by. */
export type PartitionKey = 'host' | 'date'

/**
 * `host,date`, one of them or both, in the order of the directories.
 * @throws UsageError
 */
export function parsePartition(text: string | undefined): readonly PartitionKey[] {
  if (text === undefined) return []
  const keys = text.split(',').map((key) => key.trim())
  const isKnown = keys.every((key): key is PartitionKey => key === 'host' || key === 'date')
  if (isKnown && new Set(keys).size === keys.length) return keys as readonly PartitionKey[]
  throw new UsageError('--partition', text, 'host, date, or both: host,date')
}
