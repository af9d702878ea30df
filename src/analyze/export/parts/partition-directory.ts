import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { UsageError } from '../../../base/errors.js'

/** The keys of a partitioned data set. */
export type PartitionKey = 'host' | 'date'

/** NAME_MAX without `host=`. */
const MAX_VALUE_BYTES = 255 - 'host='.length
const DAY_MS = 86_400_000
/** The name of NULL in Hive, which has no empty values. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__'

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

/**
 * The directory of a partition, like `host=NAME/date=2026-01-31`. Host names in traces are untrusted: characters that are not safe
 * in a path are percent-encoded, as Hive and DuckDB read them. A name that is too long for a file system is cut and gets a hash.
 * @param day in UTC, counted from 1970
 */
export function partitionDirectory(keys: readonly PartitionKey[], host: string, day: number): string {
  return join(...keys.map((key) => (key === 'host' ? `host=${encodePartition(host)}` : `date=${dateOf(day)}`)))
}

/** A host as the value of a directory. */
export function encodePartition(value: string): string {
  if (value === '') return NO_VALUE
  const characters = Array.from(value, encodeCharacter)
  const whole = characters.join('')
  if (whole.length <= MAX_VALUE_BYTES) return whole
  const hash = createHash('sha256').update(value).digest('hex').slice(0, 16)
  let kept = ''
  for (const character of characters) {
    if (kept.length + character.length + 1 + hash.length > MAX_VALUE_BYTES) break
    kept += character
  }
  return `${kept}-${hash}`
}

function encodeCharacter(character: string): string {
  const bytes = [...Buffer.from(character)]
  return bytes.map((byte) => (isHarmless(byte) ? String.fromCharCode(byte) : percent(byte))).join('')
}

function isHarmless(byte: number): boolean {
  return /[\w.-]/.test(String.fromCharCode(byte)) && byte < 128
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function dateOf(day: number): string {
  const date = new Date(day * DAY_MS)
  return Number.isNaN(date.getTime()) ? NO_VALUE : date.toISOString().slice(0, -14)
}
