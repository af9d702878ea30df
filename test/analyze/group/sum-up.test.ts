import { describe, expect, test } from 'vitest'
import { parseDimension } from '../../../src/analyze/group/dimensions.js'
import { attemptsOf, failedOf, synRetransmitsOf } from '../../../src/analyze/group/group-values.js'
import { createLatencyReader } from '../../../src/analyze/group/latencies.js'
import { sumUp } from '../../../src/analyze/group/sum-up.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { createRandom, exactPercentile } from '../../store/random.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace, type SampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'

const PERCENTS = [50, 90, 99, 99.9]

interface ViewRow {
  started_ns: bigint
  latency_ns: bigint | null
  outcome: string
  syn_retransmits: bigint | null
  pid: bigint
  process_start_ns: bigint
  remote_address: string
  remote_port: bigint
}

/** Some windows, and attempts after the last one. */
function makeTrace(seed: number): SampleTrace {
  const random = createRandom(seed)
  const some = () => variedEvents(random, 1500)
  return makeSampleTrace({ batches: [some(), null, some(), some(), null, some()], goodbye: false })
}

/** By the naive way: every row of the view. */
function naiveSums(trace: SampleTrace, key: string, where = '1') {
  const rows = trace.db
    .prepare(`SELECT *, ${key} AS key FROM connects WHERE ${where}`)
    .safeIntegers()
    .all() as (ViewRow & { key: unknown })[]
  const groups = new Map<string, ViewRow[]>()
  for (const row of rows) groups.set(String(row.key), [...(groups.get(String(row.key)) ?? []), row])
  return new Map([...groups].map(([name, group]) => [name, naiveGroup(group, key === 'outcome')]))
}

/** @param coversAll latencies of every outcome, as where attempts are told apart by it */
function naiveGroup(group: readonly ViewRow[], coversAll: boolean) {
  const covered = group.filter((row) => row.latency_ns !== null && (coversAll || row.outcome === 'established'))
  const latencies = covered.map((row) => Number(row.latency_ns))
  return {
    attempts: group.length,
    failed: group.filter((row) => row.outcome !== 'established' && row.outcome !== 'pending').length,
    retransmits: group.reduce((sum, row) => sum + Number(row.syn_retransmits ?? 0n), 0),
    maxNs: latencies.length > 0 ? Math.max(...latencies) : null,
    percentiles: PERCENTS.map((percent) => exactPercentile(latencies, percent)),
    processes: new Set(group.map((row) => `${row.pid}/${row.process_start_ns}`)).size,
    endpoints: new Set(group.map((row) => `${row.remote_address}/${row.remote_port}`)).size,
  }
}

function sums(trace: SampleTrace, by: string, raw: RawScope, countsMembers = false) {
  return inScope([trace.file], raw, (scope) => {
    const reader = createLatencyReader()
    return new Map(
      sumUp(scope, parseDimension(by), countsMembers).map((group) => [
        group.key.join('|'),
        {
          attempts: attemptsOf(group),
          failed: failedOf(group),
          retransmits: synRetransmitsOf(group),
          maxNs: group.latencies.maxNs,
          percentiles: PERCENTS.map((percent) => reader.percentile(group.latencies, percent)),
          processes: group.processes,
          endpoints: group.endpoints,
        },
      ]),
    )
  })
}

const DIMENSIONS = [
  ['endpoint', "remote_address || '|' || remote_port"],
  ['address', 'remote_address'],
  ['port', 'remote_port'],
  ['family', 'family'],
  ['comm', 'comm'],
  ['exe', 'exe'],
  ['cgroup', 'cgroup'],
  ['netns', "netns || '|' || ifnull(netns_cookie, '')"],
  ['outcome', 'outcome'],
  ['host', '(SELECT host FROM session)'],
] as const

describe.each(DIMENSIONS)('sums by %s', (by, key) => {
  test('are exact if every value is read', () => {
    const trace = makeTrace(1)
    const naive = naiveSums(trace, key)
    const found = sums(trace, by, { exact: true })
    expect([...found.keys()].toSorted()).toEqual([...naive.keys()].toSorted())
    for (const [name, group] of found)
      expect({ ...naive.get(name), ...group, processes: 0, endpoints: 0 }).toEqual({
        ...naive.get(name),
        processes: 0,
        endpoints: 0,
      })
  })

  test('include the windows and the rows after them, with percentiles within 1%', () => {
    const trace = makeTrace(2)
    const naive = naiveSums(trace, key)
    const found = sums(trace, by, {})
    expect(found.size).toBe(naive.size)
    for (const [name, group] of found) {
      const { percentiles, ...counts } = naive.get(name)!
      expect(group).toMatchObject({ ...counts, processes: 0, endpoints: 0 })
      group.percentiles.forEach((ns, i) => {
        if (percentiles[i] === null) expect(ns).toBeNull()
        else expect(Math.abs(ns! - percentiles[i]!)).toBeLessThanOrEqual(percentiles[i]! * 0.01)
      })
    }
  })
})

test.each([
  [{ since: '+30s', until: '+60s' }, 'started_ns >= 1700000030000000000 AND started_ns < 1700000060000000000'],
  [{ port: ['443'] }, 'remote_port = 443'],
  [{ uid: ['33'] }, 'uid = 33'],
  [{ uid: ['33'], port: ['443'] }, 'uid = 33 AND remote_port = 443'],
] as const)('options %j leave out the same for every dimension', (raw, where) => {
  const trace = makeTrace(4)
  for (const [by, key] of DIMENSIONS) {
    const naive = naiveSums(trace, key, where)
    const found = sums(trace, by, raw as unknown as RawScope)
    expect(found.size).toBe(naive.size)
    for (const [name, { attempts, failed, retransmits, maxNs }] of found) {
      expect(naive.get(name)).toMatchObject({ attempts, failed, retransmits, maxNs })
    }
  }
})

test.each([{}, { exact: true }])('distinct processes and endpoints of each user are counted: %j', (raw) => {
  const trace = makeTrace(5)
  const naive = naiveSums(trace, "ifnull(user, '') || '|' || uid")
  const found = sums(trace, 'uid', raw, true)
  expect(found.size).toBe(3)
  for (const [name, { processes, endpoints }] of found) expect(naive.get(name)).toMatchObject({ processes, endpoints })
})

test('latencies cover the outcomes of --outcome', () => {
  const trace = makeTrace(6)
  const naive = trace.db.prepare("SELECT max(latency_ns) FROM connects WHERE outcome = 'timed_out'").pluck().get()
  expect(
    sums(trace, 'host', { outcome: ['timed_out'] })
      .values()
      .next().value,
  ).toMatchObject({ maxNs: naive })
})
