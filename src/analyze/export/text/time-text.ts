const NS_PER_US = 1000n
const US_PER_SECOND = 1_000_000n

/**
 * Makes Unix ns the text that the view `connects` has: ISO 8601 in UTC with µs; `null` where there is no such date. Times
 * that follow each other are mostly of the same second.
 */
export function createTimeText(): (unixNs: bigint) => string | null {
  let known = -1n
  let prefix: string | null = null
  return (unixNs) => {
    const us = unixNs / NS_PER_US
    const second = us / US_PER_SECOND
    if (second !== known) {
      known = second
      prefix = secondText(Number(second))
    }
    return prefix === null ? null : `${prefix}.${String(us - second * US_PER_SECOND).padStart(6, '0')}Z`
  }
}

function secondText(second: number): string | null {
  const date = new Date(second * 1000)
  return Number.isNaN(date.getTime()) ? null : date.toISOString().slice(0, -5)
}
