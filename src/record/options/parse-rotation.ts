import { HELP_HINT, TcpconnError, UsageError } from '../../base/errors.js'
import { parseDuration } from '../../options/parse-duration.js'
import { parseSize } from '../../options/parse-size.js'

/** A time or a size. */
export type Limit = { readonly ns: number } | { readonly bytes: number }

/** When a recording starts a new file, and which files it keeps. */
export interface Rotation {
  readonly every: Limit
  /** `null`: all files */
  readonly keep: Limit | null
}

/** Smaller files contain little more than an empty trace, and would rotate too often. */
const MIN_BYTES = 1e6
const MIN_NS = 1e9

/** @returns `null` without `--rotate` @throws UsageError */
export function parseRotation(raw: { readonly rotate?: string; readonly keep?: string }): Rotation | null {
  const { rotate, keep } = raw
  if (rotate === undefined && keep === undefined) return null
  if (rotate === undefined) {
    throw new TcpconnError('E_USAGE', {
      what: '--keep is given without --rotate',
      reason: 'only rotated files are removed',
      hint: HELP_HINT,
    })
  }
  const accepted = 'a time like 1h or 30m, at least 1s, or a size like 500MB or 2GiB, at least 1MB'
  const every = parseLimit(rotate)
  if (every === null || ('ns' in every ? every.ns < MIN_NS : every.bytes < MIN_BYTES)) {
    throw new UsageError('--rotate', rotate, accepted)
  }
  return { every, keep: keep === undefined ? null : parseKeep(keep) }
}

function parseKeep(text: string): Limit {
  const limit = parseLimit(text)
  if (limit !== null && ('ns' in limit ? limit.ns : limit.bytes) > 0) return limit
  throw new UsageError('--keep', text, 'a time like 7d or 12h, up to 104 days, or a size like 5GB or 500MiB')
}

function parseLimit(text: string): Limit | null {
  const ns = /[a-zµ]$/.test(text) ? parseDuration(text) : null
  if (ns !== null) return { ns }
  const bytes = parseSize(text)
  return bytes === null ? null : { bytes }
}
