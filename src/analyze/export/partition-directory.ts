import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { PartitionKey } from './parse-partition.js'

/** What file systems take (NAME_MAX), without `host=`. */
const MAX_VALUE_BYTES = 255 - 'host='.length
const DAY_MS = 86_400_000
/** What Hive, and who reads as it does, takes for NULL: it has no empty values. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__'

/**
 * The directory of a partition, as `host=NAME/date=2026-01-31`. Host names come from traces, and traces from anywhere:
 * only what is harmless in a path is left as it is, the rest is percent-encoded, as Hive and DuckDB read it. What is longer
 * than a name in a file system may be is cut off, with a hash that tells it from what begins alike.
 * @param day in UTC, counted from 1970
 */
export function partitionDirectory(keys: readonly PartitionKey[], host: string, day: number): string {
  return join(...keys.map((key) => (key === 'host' ? `host=${encodeValue(host)}` : `date=${dateOf(day)}`)))
}

function encodeValue(value: string): string {
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
