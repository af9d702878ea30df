import { nameEndpoint } from '../../../attempt/address.js'
import type { Value, ValueColumn } from '../../result/result.js'
import { ITSELF, rankRows } from '../../query/rank-rows.js'
import { compareGroups, type Change, type SideValues } from './compare-groups.js'
import { COMPARED_FILES } from './compared-files.js'
import { adjustForMany } from './significance.js'
import { describeAccuracy } from '../../group/sum-up.js'
import type { Dimension } from '../../group/dimension.js'
import { DIMENSIONS } from '../../group/dimensions.js'
import { formatCount, formatPlural } from '../../../text/format-number.js'
import { percentOf } from '../../group/group-values.js'
import type { Scope } from '../../scan/scope.js'
import type { StoredQuery } from '../../query/stored-query.js'

/** Accepted false discovery rate: the share of reported changes that may be noise. */
const FALSE_DISCOVERY_RATE = 0.05

/** A test of a group, and its result after the correction for multiple tests. */
interface Tested extends Change {
  readonly what: string
  readonly name: string | null
  readonly qValue: number
}

const SHARE_OF_NOISE = { kind: 'number', isFraction: true } as const
const roundShare = (share: number) => Number(share.toPrecision(2))

const COLUMNS: readonly ValueColumn<Tested>[] = [
  { name: 'what', heading: 'WHAT', kind: 'text', value: (row) => row.what },
  { name: 'name', heading: 'NAME', kind: 'text', value: (row) => row.name },
  { name: 'change', heading: 'CHANGE', kind: 'text', value: (row) => row.kind },
  ...onBothSides({ name: 'attempts', heading: 'ATTEMPTS', kind: 'count', leaveOut: 1, value: (side) => side.attempts }),
  ...onBothSides({
    name: 'rate_per_second',
    heading: 'RATE',
    kind: 'rate',
    leaveOut: 6,
    value: ({ attempts, lengthNs }) => (attempts * 1e9) / lengthNs,
  }),
  ...onBothSides({
    name: 'failed_percent',
    heading: 'FAILED%',
    kind: 'percent',
    isFailure: true,
    leaveOut: 4,
    // The values of a group that a side does not have.
    value: ({ failed, attempts }) => (attempts === 0 ? null : percentOf(failed, attempts)),
  }),
  ...onBothSides({ name: 'p50_ns', heading: 'P50', kind: 'duration', leaveOut: 3, value: (row) => row.p50Ns }),
  ...onBothSides({ name: 'p99_ns', heading: 'P99', kind: 'duration', leaveOut: 5, value: (row) => row.p99Ns }),
  { ...SHARE_OF_NOISE, name: 'p_value', heading: 'P', isHidden: true, value: ({ pValue }) => roundShare(pValue) },
  { ...SHARE_OF_NOISE, name: 'q_value', heading: 'Q', leaveOut: 2, value: ({ qValue }) => roundShare(qValue) },
]

/** A column for each side: `p50_before_ns`, `p50_after_ns`. */
function onBothSides(column: ValueColumn<SideValues>): ValueColumn<Tested>[] {
  const { name, heading, value } = column
  const nameOf = (side: string) => name.replace(/(?=_)|$/, `_${side}`)
  return [
    { ...column, name: nameOf('before'), value: ({ before }) => value(before) },
    { ...column, name: nameOf('after'), heading: `${heading} AFTER`, value: ({ after }) => value(after) },
  ]
}

const ENTITIES: readonly { what: string; dimension: Dimension; nameOf(key: Change['key']): string | null }[] = [
  { what: 'endpoint', dimension: DIMENSIONS.endpoint, nameOf: (key) => nameEndpoint(String(key[0]), String(key[1])) },
  { what: 'user', dimension: DIMENSIONS.uid, nameOf: ([user, uid]) => textOf(user ?? uid) },
  { what: 'comm', dimension: DIMENSIONS.comm, nameOf: ([comm]) => textOf(comm) },
]

/** `null`: the process is unknown. */
function textOf(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

/** Reports what changed from one recording to another, beyond noise. */
export const diff: StoredQuery = {
  name: 'diff',
  description:
    'significant changes of endpoints, users and thread names between two files or sessions: new, vanished, rate, failures, latency',
  example: 'tcpconn analyze diff before.db after.db',
  files: COMPARED_FILES,
  options: [
    { flags: '--all', description: 'print every test, including changes that are not significant' },
    { flags: '--at <time>', description: 'compare the parts of one session before and after this time' },
  ],
  columns: COLUMNS,
  run(scope, settings) {
    const [before, after] = splitScope(scope)
    const tested = test(before, after)
    const isChange = ({ qValue, isLarge }: Tested) => qValue <= FALSE_DISCOVERY_RATE && isLarge
    const items = settings.values.all ? tested : tested.filter(isChange)
    const ranked = rankRows(
      {
        columns: COLUMNS,
        items,
        compare: (a, b) => a.pValue - b.pValue || b.after.attempts - a.after.attempts,
        keyOf: ({ what, key, kind }) => [what, ...key, kind],
        prepare: ITSELF,
      },
      settings,
    )
    const notes = [...describe(tested, items), describeAccuracy(scope)]
    // Every group has a test: no test means that there were no attempts.
    const whenEmpty = tested.length === 0 ? {} : { whenEmpty: 'nothing changed beyond noise' }
    return { ...ranked, notes, ...whenEmpty }
  },
}

/** The sides before and after. By default, the last part is compared with the parts before it. */
export function splitScope(scope: Scope): [Scope, Scope] {
  const count = scope.beforeParts ?? scope.parts.length - 1
  return [
    { ...scope, parts: scope.parts.slice(0, count) },
    { ...scope, parts: scope.parts.slice(count) },
  ]
}

function test(before: Scope, after: Scope): Tested[] {
  const changes = ENTITIES.flatMap(({ what, dimension, nameOf }) =>
    compareGroups(before, after, dimension).map((change) => Object.assign(change, { what, name: nameOf(change.key) })),
  )
  const adjusted = adjustForMany(changes.map((change) => change.pValue))
  return changes.map((change, i) => Object.assign(change, { qValue: adjusted[i] as number }))
}

function describe(tested: readonly Tested[], shown: readonly Tested[]): string[] {
  const unsure = tested.filter(({ kind }) => kind === 'new' || kind === 'vanished').length
  const listed = shown.filter(({ kind }) => kind === 'new' || kind === 'vanished').length
  return [
    `${formatPlural(tested.length, 'test')}; q is the share of noise among rows up to there, at most ${FALSE_DISCOVERY_RATE} without --all`,
    ...(unsure > listed
      ? [`${formatCount(unsure - listed)} more are new or vanished, with too few attempts to tell; --all shows them`]
      : []),
  ]
}
