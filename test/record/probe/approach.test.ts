import { describe, expect, test } from 'vitest'
import { APPROACH_PROGRAMS, chooseApproach } from '../../../src/record/probe/approach.js'

const KERNELS = [
  ['5.8.0-63-generic', '5.10'],
  ['5.10.0-33-amd64', '5.10'],
  ['5.11.22', '5.10'],
  ['5.12.0', '5.12'],
  ['5.14.0-503.el9.x86_64', '5.12'],
  ['5.15.0-1001-aws', '5.15'],
  ['5.16.20', '5.15'],
  ['5.17.0', '5.17'],
  ['6.1.0-31-amd64', '5.17'],
  ['6.18.44-fc-v782', '5.17'],
  ['6.100.0', '5.17'],
  ['7.0.0-rc1', '7.0'],
  ['7.2.0', '7.0'],
  ['10.1.3', '7.0'],
] as const

/** The first kernel with this approach. */
const APPROACHES = {
  '5.10': {
    followers: ['follow_in_hash'],
    catchers: [],
    final: null,
    isAdaptive: false,
    hasBuckets: false,
    isPreemptible: false,
  },
  '5.12': {
    followers: ['follow_connect', 'follow_skipped'],
    catchers: ['catch_destroyed'],
    final: null,
    isAdaptive: true,
    hasBuckets: true,
    isPreemptible: false,
  },
  '5.15': {
    followers: ['follow_connect', 'follow_skipped'],
    catchers: ['catch_error', 'catch_destroyed'],
    final: null,
    isAdaptive: true,
    hasBuckets: true,
    isPreemptible: false,
  },
  '5.17': {
    followers: ['follow_connect', 'follow_skipped'],
    catchers: ['catch_error', 'catch_destroyed'],
    final: 'catch_established',
    isAdaptive: true,
    hasBuckets: true,
    isPreemptible: false,
  },
  '7.0': {
    followers: ['follow_connect', 'follow_skipped', 'follow_preempted'],
    catchers: ['catch_error', 'catch_destroyed'],
    final: 'catch_established',
    isAdaptive: false,
    hasBuckets: true,
    isPreemptible: true,
  },
} as const

describe('the approach', () => {
  test.each(KERNELS)('on Linux %s is that of %s', (kernel, first) => {
    expect(chooseApproach(kernel, '', 'x64')).toEqual(APPROACHES[first])
  })

  test('is by default that of this kernel', () => {
    expect(Object.values(APPROACHES)).toContainEqual(chooseApproach(undefined, ''))
  })

  test.each(KERNELS)('on Linux %s uses only programs of APPROACH_PROGRAMS, which are loaded on demand', (kernel) => {
    const { followers, catchers, final } = chooseApproach(kernel, '', 'x64')
    const programs = [...followers, ...catchers, ...(final === null ? [] : [final])]
    for (const program of programs) expect(APPROACH_PROGRAMS).toContain(program)
  })

  test('on arm64 needs no compare-and-swap before Linux 5.18', () => {
    expect(chooseApproach('5.15.0-1001-aws', '', 'arm64')).toEqual(APPROACHES['5.10'])
    expect(chooseApproach('5.17.15', '', 'arm64')).toEqual(APPROACHES['5.10'])
    expect(chooseApproach('5.18.0', '', 'arm64')).toEqual(APPROACHES['5.17'])
    expect(chooseApproach('7.2.0', '', 'arm64')).toEqual(APPROACHES['7.0'])
  })

  test('may be set to that of another kernel, and then does not adapt', () => {
    expect(chooseApproach('6.18.44', '5.12', 'x64')).toEqual({ ...APPROACHES['5.12'], isAdaptive: false })
    expect(chooseApproach('6.18.44', '7.0')).toEqual(APPROACHES['7.0'])
  })
})
