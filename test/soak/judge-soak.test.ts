import { describe, expect, test } from 'vitest'
import {
  MAX_GROWTH_BYTES,
  describeMemory,
  formatSample,
  judgeSoak,
  memoryGrowth,
  type SoakEnd,
  type SoakSample,
} from './judge-soak.js'

const SUMMARY = `recorded 1,209 attempts
outcomes: 1,200 established, 5 refused, 4 pending
names: 1,000 of 1,209 attempts, from 1,000 lookups
completeness: 1,209 recorded + 0 lost = the kernel's 1,209 attempts
`
/** The samples below have 10 attempts per second. */
const END: SoakEnd = {
  lost: 0,
  summary: SUMMARY,
  hasIpv6: true,
  wanted: { outcomes: ['established', 'pending'], rate: 19 },
}
const MINUTE_MS = 60_000

/** One sample per minute. */
function samplesOf(...residentBytes: readonly number[]): SoakSample[] {
  return residentBytes.map((bytes, i) => ({
    elapsedMs: (i + 1) * MINUTE_MS,
    residentBytes: bytes,
    attempts: 600 * (i + 1),
    lost: 0,
  }))
}

describe('a soak run passes', () => {
  test('if nothing is lost and memory does not grow after the first minute', () => {
    const samples = samplesOf(50e6, 150e6, 160e6, 150e6, 170e6)
    expect(judgeSoak(samples, END)).toEqual([])
    expect(memoryGrowth(samples)).toBe(20e6)
    expect(describeMemory(samples)).toBe('memory: at most 170 MB, 20.0 MB more in the end')
  })

  test('if it is too short to measure the growth of memory', () => {
    const samples = samplesOf(50e6)
    expect(judgeSoak(samples, END)).toEqual([])
    expect(describeMemory(samples)).toContain('too short to tell')
  })
})

describe('a soak run fails', () => {
  const well = samplesOf(100e6, 100e6, 100e6, 100e6)

  const ending = (change: Partial<SoakEnd>) => ({ ...END, ...change })

  test.each<readonly [string, readonly SoakSample[], SoakEnd, RegExp]>([
    ['because of loss', well, ending({ lost: 3 }), /3 attempts were lost/],
    ['because of growing memory', samplesOf(1e6, 1e8, 1e8, 1e8 + MAX_GROWTH_BYTES + 1), END, /grew by 48 MB/],
    ['because of too much memory', samplesOf(3.1e8, 3.1e8), END, /rose above 300 MB/],
    [
      "because of the kernel's count",
      well,
      ending({ summary: SUMMARY.replace("= the kernel's", '<>') }),
      /not what the kernel counted/,
    ],
    [
      'because nothing was recorded',
      well.map((sample) => ({ ...sample, attempts: 0 })),
      END,
      /^only 0 attempts a second/,
    ],
    [
      'because only half of the load was recorded',
      well,
      ending({ wanted: { ...END.wanted, rate: 21 } }),
      /^only 10 attempts a second .* 21$/,
    ],
    [
      'because an outcome is missing',
      well,
      ending({ wanted: { ...END.wanted, outcomes: ['timed_out'] } }),
      /no attempt is timed_out/,
    ],
    [
      'because names are missing',
      well,
      ending({ summary: SUMMARY.replace('names: 1,000 of', 'names: 0 of') }),
      /no attempt has a name/,
    ],
    ['because IPv6 is missing', well, ending({ hasIpv6: false }), /no attempt was made over IPv6/],
  ])('%s', (_, samples, end, fault) => {
    expect(judgeSoak(samples, end)).toEqual([expect.stringMatching(fault)])
  })
})

test('a line has the rate since the previous line', () => {
  const [first, second] = samplesOf(100e6, 110e6) as [SoakSample, SoakSample]
  expect(formatSample(second, first).trim().split(/ {2,}/)).toEqual(['2.0 min', '110 MB', '1200', '10/s', '0 lost'])
})
