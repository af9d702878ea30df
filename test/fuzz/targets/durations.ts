import * as fc from 'fast-check'
import { parseDuration } from '../../../src/options/parse-duration.js'
import { bytesOf, require, textOf, type FuzzTarget } from '../fuzz-target.js'

const UNIT_NS = { ns: 1n, us: 1000n, µs: 1000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n }
const UNITS = Object.keys(UNIT_NS) as (keyof typeof UNIT_NS)[]
const MAX_NS = 2 ** 53

/** The values of `record --duration`, `--min-latency`, `--interval` and similar options. */
export function createDurations(): FuzzTarget {
  return {
    name: 'durations',
    seeds: bytesOf(['10m']),
    take(input) {
      const text = textOf(input)
      for (const unit of ['s', 'ms'] as const) {
        const ns = parseDuration(text, unit)
        require(ns === null || (Number.isInteger(ns) && ns >= 0 && ns <= MAX_NS), () => `${text} is ${ns} ns`)
        require(ns === null || /^[\d.a-zµ]+$/.test(text), () => `${JSON.stringify(text)} is a duration`)
        require(parseDuration(`${text} `, unit) === null, () => `with a blank at its end ${text} is a duration`)
      }
    },
    property: fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom(...UNITS)), {
        minLength: 1,
        maxLength: 6,
      }),
      (parts) => {
        const text = parts.map(([value, unit]) => `${value}${unit}`).join('')
        const wanted = parts.reduce((sum, [value, unit]) => sum + BigInt(value) * UNIT_NS[unit], 0n)
        const expected = wanted < BigInt(MAX_NS) ? Number(wanted) : null
        require(parseDuration(text) === expected, () => `${text} is ${parseDuration(text)} and not ${expected} ns`)
      },
    ),
  }
}
