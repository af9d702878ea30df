import { floorSeconds } from '../../../text/format-time.js'

const NS_PER_SECOND = 1_000_000_000n

/**
 * Formats Unix ns as ISO 8601 in UTC with nine digits, three more than the view `connects`; `null` if there is no such date.
 * Optimized for consecutive times in the same second.
 */
export function createTimeText(): (unixNs: bigint) => string | null {
  let known: bigint | null = null
  let prefix: string | null = null
  return (unixNs) => {
    const second = floorSeconds(unixNs)
    if (second !== known) {
      known = second
      prefix = secondText(Number(second))
    }
    return prefix === null ? null : `${prefix}.${String(unixNs - second * NS_PER_SECOND).padStart(9, '0')}Z`
  }
}

function secondText(second: number): string | null {
  const date = new Date(second * 1000)
  return Number.isNaN(date.getTime()) ? null : date.toISOString().slice(0, -5)
}
