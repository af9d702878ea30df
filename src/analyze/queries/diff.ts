import type { Column, Row } from '../result/result.js'
import { rankRows } from '../result/rank-rows.js'
import { compareGroups, type Change, type SideValues } from '../compare/compare-groups.js'
import { COMPARED_FILES } from '../compare/compared-files.js'
import { coveredNs } from '../compare/covered-time.js'
import { adjustForMany } from '../compare/significance.js'
import { describeAccuracy } from '../sums/accuracy.js'
import type { Dimension } from '../sums/dimension.js'
import { BY_COMM, BY_ENDPOINT, BY_UID } from '../sums/dimensions.js'
import { formatCount, formatPlural } from '../../show/format-number.js'
import { percentOf } from '../sums/group-values.js'
import type { Scope } from '../trace/scope.js'
import type { StoredQuery } from './stored-query.js'

/** Share of noise that is accepted among what is called a change. */
const FALSE_DISCOVERY_RATE = 0.05

const COLUMNS: readonly Column[] = [
  { name: 'what', heading: 'WHAT', kind: 'text' },
  { name: 'name', heading: 'NAME', kind: 'text' },
  { name: 'change', heading: 'CHANGE', kind: 'text' },
  { name: 'attempts_before', heading: 'ATTEMPTS', kind: 'count', leaveOut: 1 },
  { name: 'attempts_after', heading: 'ATTEMPTS AFTER', kind: 'count', leaveOut: 1 },
  { name: 'rate_before_per_second', heading: 'RATE', kind: 'rate', leaveOut: 6 },
  { name: 'rate_after_per_second', heading: 'RATE AFTER', kind: 'rate', leaveOut: 6 },
  { name: 'failed_before_percent', heading: 'FAILED%', kind: 'percent', isFailure: true, leaveOut: 4 },
  { name: 'failed_after_percent', heading: 'FAILED% AFTER', kind: 'percent', isFailure: true, leaveOut: 4 },
  { name: 'p50_before_ns', heading: 'P50', kind: 'duration', leaveOut: 3 },
  { name: 'p50_after_ns', heading: 'P50 AFTER', kind: 'duration', leaveOut: 3 },
  { name: 'p99_before_ns', heading: 'P99', kind: 'duration', leaveOut: 5 },
  { name: 'p99_after_ns', heading: 'P99 AFTER', kind: 'duration', leaveOut: 5 },
  { name: 'p_value', heading: 'P', kind: 'number', isFraction: true, isHidden: true },
  { name: 'q_value', heading: 'Q', kind: 'number', isFraction: true, leaveOut: 2 },
]

const ENTITIES: readonly { what: string; dimension: Dimension; nameOf(key: Change['key']): string }[] = [
  {
    what: 'endpoint',
    dimension: BY_ENDPOINT,
    nameOf: ([address, port]) => nameEndpoint(String(address), String(port)),
  },
  { what: 'user', dimension: BY_UID, nameOf: ([user, uid]) => String(user ?? uid) },
  { what: 'comm', dimension: BY_COMM, nameOf: ([comm]) => String(comm) },
]

interface Tested extends Change {
  readonly what: string
  readonly name: string
  readonly qValue: number
}

/** What changed from one recording to another, beyond noise. */
export const diff: StoredQuery = {
  name: 'diff',
  description:
    'what changed between two files or sessions: endpoints, users, processes; new, vanished, rate, failures, latency',
  example: 'tcpconn analyze diff before.db after.db',
  files: COMPARED_FILES,
  options: [
    { flags: '--all', description: 'every test of every endpoint, user and process, also what may be noise' },
    { flags: '--at <time>', description: 'compare what came before this time with what came after it, in one session' },
  ],
  columns: COLUMNS,
  run(scope, settings) {
    const [before, after] = splitScope(scope)
    const tested = test(before, after)
    const isChange = ({ qValue, isLarge }: Tested) => qValue <= FALSE_DISCOVERY_RATE && isLarge
    const items = settings.values.all ? tested : tested.filter(isChange)
    const lengths = [before, after].map(({ parts }) => parts.reduce((sum, part) => sum + coveredNs(part).lengthNs, 0))
    const toRow = (change: Tested) => rowOf(change, lengths as [number, number])
    const compare = (a: Tested, b: Tested) => a.pValue - b.pValue || b.after.attempts - a.after.attempts
    const ranked = rankRows({ columns: COLUMNS, items, compare, toRow }, settings)
    const notes = [...describe(tested, items), describeAccuracy(scope)]
    // Every group is tested: without a test there was no attempt.
    const whenEmpty = tested.length === 0 ? {} : { whenEmpty: 'nothing changed beyond noise' }
    return { columns: COLUMNS, ...ranked, notes, ...whenEmpty }
  },
}

/** Without a word about it, the last part is compared with those before it. */
function splitScope(scope: Scope): [Scope, Scope] {
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

function rowOf({ what, name, kind, before, after, pValue, qValue }: Tested, lengths: readonly [number, number]): Row {
  const rate = ({ attempts }: SideValues, lengthNs: number) => (attempts * 1e9) / lengthNs
  return [
    what,
    name,
    kind,
    before.attempts,
    after.attempts,
    rate(before, lengths[0]),
    rate(after, lengths[1]),
    failedPercent(before),
    failedPercent(after),
    before.p50Ns,
    after.p50Ns,
    before.p99Ns,
    after.p99Ns,
    Number(pValue.toPrecision(2)),
    Number(qValue.toPrecision(2)),
  ]
}

/** Nothing of what was not there. */
function failedPercent({ failed, attempts }: SideValues): number | null {
  return attempts === 0 ? null : percentOf(failed, attempts)
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

function nameEndpoint(address: string, port: string): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
