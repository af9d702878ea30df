const NS_PER_SECOND = 1_000_000_000n

/**
 * Makes Unix ns a text: ISO 8601 in UTC with all nine digits, three more than the view `connects` has; `null` where there is no
 * such date. Times that follow each other are mostly of the same second.
 */
export function createTimeText(): (unixNs: bigint) => string | null {
  let known = -1n
  let prefix: string | null = null
  return (unixNs) => {
    const second = unixNs / NS_PER_SECOND
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
