import * as fc from 'fast-check'
import { parseTime } from '../../../src/analyze/options/parse-time.js'
import { UsageError } from '../../../src/base/errors.js'
import { bytesOf, require, textOf, type FuzzTarget } from '../fuzz-target.js'

const SPAN = { firstUnixNs: 1_700_000_000_000_000_000n, lastUnixNs: 1_700_000_600_000_000_000n }
const NS_PER_MS = 1_000_000n
const YEAR_10000_MS = Date.UTC(10_000, 0)
const DAY_NS = 86_400_000_000_000n

const SEEDS =
  `2026-01-31T10:00:00Z ; 2026-01-31 10:00 ; 10:00:30 ; +5m ; -1h30m ; 2024-02-29 ; 23:59 ; 2026-01-31T10:00:00.123456789+0530 ; 2026-01-31T10:00:00,5-08:00 ; 2026-02-30 ; 0000-01-01T00:00Z`.split(
    ' ; ',
  )

/** The values of `--since` and `--until`. */
export function createTimes(): FuzzTarget {
  return {
    name: 'times',
    seeds: bytesOf(SEEDS),
    take(input) {
      const text = textOf(input)
      const unixNs = parseOrRefuse(text)
      if (unixNs === null) return
      require(/^[-+\d:TZ .,a-zµ]+$/.test(text), () => `${JSON.stringify(text)} is a time`)
      // A valid time is not after the last year of four digits, and not before the first one minus the longest
      // duration.
      require(unixNs < (BigInt(YEAR_10000_MS) + 86_400_000n) * NS_PER_MS, () => `${text} is ${unixNs}`)
      require(unixNs > -62_200_000_000_000_000_000n, () => `${text} is ${unixNs}`)
      const isOfDay = /^\d\d:\d\d(:\d\d)?$/.test(text)
      require(!isOfDay || SPAN.lastUnixNs - unixNs < DAY_NS + DAY_NS / 24n, () =>
        `${text} is ${unixNs}, long before the end`)
      require(!isOfDay || unixNs <= SPAN.lastUnixNs, () => `${text} is ${unixNs}, after the end`)
    },
    property: fc.property(
      fc.integer({ min: Date.UTC(2000, 0), max: YEAR_10000_MS - 1 }),
      fc.integer({ min: 0, max: 999_999 }),
      fc.integer({ min: -14 * 60, max: 14 * 60 }),
      (unixMs, restNs, zoneMinutes) => {
        const text = `${new Date(unixMs).toISOString().slice(0, -1)}${String(restNs).padStart(6, '0')}${zoneText(zoneMinutes)}`
        const expected = (BigInt(unixMs) - BigInt(zoneMinutes) * 60_000n) * NS_PER_MS + BigInt(restNs)
        const unixNs = parseOrRefuse(text)
        require(unixNs === expected, () => `${text} is ${unixNs} and not ${expected}`)
      },
    ),
  }
}

/** `null` for a time that is refused with a usage error. */
function parseOrRefuse(text: string): bigint | null {
  try {
    return parseTime('--since', text, SPAN)
  } catch (error) {
    if (error instanceof UsageError) return null
    throw error
  }
}

function zoneText(minutes: number): string {
  const [hour, minute] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
