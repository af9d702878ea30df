import type { Value } from '../../result/result.js'
import { attemptsOf, failedOf } from '../../group/group-values.js'
import type { Dimension } from '../../group/dimension.js'
import { createLatencyReader, type LatencyReader } from '../../group/latencies.js'
import { sumUp, type Group } from '../../group/sum-up.js'
import type { Scope } from '../../scan/scope.js'
import { compareLatencies } from './compare-latencies.js'
import { disperseFailures, disperseRates } from './dispersion.js'
import { coveredNs, keyText, sumIntervals, type Intervals } from './interval-sums.js'
import { compareProportions, compareRates } from './significance.js'

export type ChangeKind = 'new' | 'vanished' | 'rate' | 'failures' | 'latency'

/** The values of a group on one side. */
export interface SideValues {
  readonly attempts: number
  readonly failed: number
  /** The time that the side covers, in ns */
  readonly lengthNs: number
  /** ns; `null` without a latency */
  readonly p50Ns: number | null
  readonly p99Ns: number | null
}

/** A property of a group that is compared between the sides, with its statistical test. */
export interface Change {
  readonly key: readonly Value[]
  readonly kind: ChangeKind
  readonly before: SideValues
  readonly after: SideValues
  readonly pValue: number
  /** Whether the change is large enough to be reported, independent of its significance. */
  readonly isLarge: boolean
}

/** A side of the comparison. */
interface Side {
  readonly groups: ReadonlyMap<string, Group>
  readonly intervals: Intervals
  readonly lengthNs: number
}

/**
 * Smaller changes are not reported, even if they are significant: in huge recordings every small change is significant.
 */
const MIN_RATE_RATIO = 1.2
const MIN_FAILED_POINTS = 0.01
const MIN_P50_RATIO = 1.1
const MIN_P99_RATIO = 1.25

/**
 * Runs every test for every group of a dimension. A group that exists on one side only is new or vanished; it is not
 * tested further.
 */
export function compareGroups(before: Scope, after: Scope, dimension: Dimension): Change[] {
  const sides = [readSide(before, dimension), readSide(after, dimension)] as const
  const keys = new Map([...sides[0].groups, ...sides[1].groups])
  const reader = createLatencyReader()
  return [...keys].flatMap(([text, { key }]) => {
    const values = sides.map((side) => valuesOf(side, text, reader)) as [SideValues, SideValues]
    const tests = testGroup(sides, text, values)
    return tests.map((test) => Object.assign(test, { key, before: values[0], after: values[1] }))
  })
}

function readSide(scope: Scope, dimension: Dimension): Side {
  const groups = sumUp(scope, dimension).filter((group) => attemptsOf(group) > 0)
  return {
    groups: new Map(groups.map((group) => [keyText(group.key), group])),
    intervals: sumIntervals(scope, dimension),
    lengthNs: scope.parts.reduce((sum, part) => sum + coveredNs(part).lengthNs, 0),
  }
}

type Test = Pick<Change, 'kind' | 'pValue' | 'isLarge'>

function testGroup(
  sides: readonly [Side, Side],
  key: string,
  [before, after]: readonly [SideValues, SideValues],
): Test[] {
  const intervals = sides.map((side) => side.intervals)
  const attempts = [before.attempts, after.attempts] as const
  const lengths = [before.lengthNs, after.lengthNs] as const
  const rate = compareRates(attempts, lengths, disperseRates(intervals, key))
  if (attempts[0] === 0 || attempts[1] === 0) {
    return [{ kind: attempts[0] === 0 ? 'new' : 'vanished', pValue: rate, isLarge: true }]
  }
  const failed = [before.failed, after.failed] as const
  const failures = compareProportions(failed, attempts, disperseFailures(intervals, key))
  const latenciesOf = (side: Side) => (side.intervals.groups.get(key) ?? []).map(({ latencies }) => latencies)
  const points = Math.abs(failed[1] / attempts[1] - failed[0] / attempts[0])
  const isSlower =
    isRatio(before.p50Ns, after.p50Ns, MIN_P50_RATIO) || isRatio(before.p99Ns, after.p99Ns, MIN_P99_RATIO)
  return [
    {
      kind: 'rate',
      pValue: rate,
      isLarge: isRatio(attempts[0] / lengths[0], attempts[1] / lengths[1], MIN_RATE_RATIO),
    },
    { kind: 'failures', pValue: failures, isLarge: points >= MIN_FAILED_POINTS },
    { kind: 'latency', pValue: compareLatencies(latenciesOf(sides[0]), latenciesOf(sides[1])), isLarge: isSlower },
  ]
}

function valuesOf({ groups, lengthNs }: Side, key: string, reader: LatencyReader): SideValues {
  const group = groups.get(key)
  if (!group) return { attempts: 0, failed: 0, lengthNs, p50Ns: null, p99Ns: null }
  const [p50Ns, p99Ns] = [reader.percentile(group.latencies, 50), reader.percentile(group.latencies, 99)]
  return { attempts: attemptsOf(group), failed: failedOf(group), lengthNs, p50Ns, p99Ns }
}

function isRatio(before: number | null, after: number | null, least: number): boolean {
  if (before === null || after === null) return false
  return Math.max(before, after) >= least * Math.min(before, after)
}
