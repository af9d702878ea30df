import { UsageError } from '../base/errors.js'
import { nearestName } from '../text/nearest-name.js'
import { TOP_DIMENSION_NAMES } from './window/dimensions.js'

/** Options of the table, the same for both sources. */
export interface TopOptions {
  /** Position in `TOP_DIMENSIONS` */
  readonly by: number
  /** Print once instead of drawing on a terminal */
  readonly once: boolean
  /** Whether a replay waits for a key at first */
  readonly isPaused: boolean
}

/** As typed. */
export interface RawTopOptions {
  readonly by?: string
  readonly once?: boolean
}

/** @throws UsageError */
export function parseTopOptions({ by = 'endpoint', once = false }: RawTopOptions): TopOptions {
  const at = TOP_DIMENSION_NAMES.indexOf(by)
  if (at === -1) throw new UsageError('--by', by, TOP_DIMENSION_NAMES.join(', '), nearestName(by, TOP_DIMENSION_NAMES))
  return { by: at, once, isPaused: false }
}
