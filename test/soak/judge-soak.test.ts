import { describe, expect, test } from 'vitest'
import {
  MAX_GROWTH_BYTES,
  describeMemory,
  formatSample,
  judgeSoak,
  memoryGrowth,
  type SoakSample,
} from './judge-soak.js'

const SUMMARY = "recorded 9 attempts\ncompleteness: 9 recorded + 0 lost = the kernel's 9 attempts\n"
const MINUTE_MS = 60_000

/** A sample a minute. */
function samplesOf(...residentBytes: readonly number[]): SoakSample[] {
  return residentBytes.map((bytes, i) => ({
    elapsedMs: (i + 1) * MINUTE_MS,
    residentBytes: bytes,
    attempts: 600 * (i + 1),
    lost: 0,
  }))
}

describe('a soak run is well', () => {
  test('when nothing is lost and memory stays what it was after the first minute', () => {
    const samples = samplesOf(50e6, 150e6, 160e6, 150e6, 170e6)
    expect(judgeSoak(samples, { lost: 0, summary: SUMMARY })).toEqual([])
    expect(memoryGrowth(samples)).toBe(20e6)
    expect(describeMemory(samples)).toBe('memory: at most 170 MB, 20.0 MB more in the end')
  })

  test('when it was too short to tell whether memory grows', () => {
    const samples = samplesOf(50e6)
    expect(judgeSoak(samples, { lost: 0, summary: SUMMARY })).toEqual([])
    expect(describeMemory(samples)).toContain('too short to tell')
  })
})

describe('a soak run fails', () => {
  const well = samplesOf(100e6, 100e6, 100e6, 100e6)

  test.each<readonly [string, readonly SoakSample[], { lost: number; summary: string }, RegExp]>([
    ['by loss', well, { lost: 3, summary: SUMMARY }, /3 attempts were lost/],
    ['by growth', samplesOf(1e6, 1e8, 1e8, 1e8 + MAX_GROWTH_BYTES + 1), { lost: 0, summary: SUMMARY }, /grew by 48 MB/],
    ['by too much memory', samplesOf(3.1e8, 3.1e8), { lost: 0, summary: SUMMARY }, /rose above 300 MB/],
    [
      'by what the kernel counted',
      well,
      { lost: 0, summary: 'completeness: 9 recorded' },
      /not what the kernel counted/,
    ],
    [
      'by recording nothing',
      well.map((sample) => ({ ...sample, attempts: 0 })),
      { lost: 0, summary: SUMMARY },
      /no attempt/,
    ],
  ])('%s', (_, samples, end, fault) => {
    expect(judgeSoak(samples, end)).toEqual([expect.stringMatching(fault)])
  })
})

test('a line tells the rate since the one before', () => {
  const [first, second] = samplesOf(100e6, 110e6) as [SoakSample, SoakSample]
  expect(formatSample(second, first).trim().split(/ {2,}/)).toEqual(['2.0 min', '110 MB', '1200', '10/s', '0 lost'])
})
