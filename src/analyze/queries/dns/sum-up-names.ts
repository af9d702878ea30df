import { sql } from 'kysely'
import type { Value } from '../../result/result.js'
import type { Dimension } from '../../group/dimension.js'
import { IS_FAILED } from '../../group/group-values.js'
import { createKeyNumbers, type KeyNumbers } from '../../group/intern-keys.js'
import { NO_VALUES, createValueLists, type ExactValues } from '../../group/value-lists.js'
import { AT } from '../../scan/attempt-columns.js'
import { iterateRows, queries } from '../../scan/query-builder.js'
import { boundedText } from '../../scan/row-reader.js'
import type { Scope } from '../../scan/scope.js'
import { iterateLookups } from '../../lookups/iterate-lookups.js'
import { scanNamed } from '../../lookups/named-attempts.js'

/** A name that was looked up, or that attempts have. */
export interface NameSums {
  readonly key: readonly Value[]
  lookups: number
  failedLookups: number
  /** Lookups whose answer did not fit into its packet */
  truncatedLookups: number
  /** Of lookups, in ns */
  latencies: ExactValues
  /** Distinct addresses that the sessions recorded for it */
  addresses: number
  /** Attempts that have this name, and failed ones among them */
  attempts: number
  failed: number
}

/** @param dimension `DIMENSIONS.dns`, or the one that keeps hosts apart */
export function sumUpNames(scope: Scope, dimension: Dimension): NameSums[] {
  const keys = createKeyNumbers(dimension)
  const names: NameSums[] = []
  const nameAt = (number: number): NameSums => {
    names[number] ??= {
      key: keys.keyOf(number),
      lookups: 0,
      failedLookups: 0,
      truncatedLookups: 0,
      latencies: NO_VALUES,
      addresses: 0,
      attempts: 0,
      failed: 0,
    }
    return names[number]
  }
  addLookups(scope, keys, nameAt)
  scanNamed(scope, ['outcome'], (part) => {
    const numberOf = keys.of(part)
    return (row, nameId) => {
      const name = nameAt(numberOf(nameId))
      name.attempts++
      if (IS_FAILED[row[AT.outcome] as number]) name.failed++
    }
  })
  countAddresses(scope, keys, names)
  return names.filter((name) => name !== undefined)
}

function addLookups(scope: Scope, keys: KeyNumbers, nameAt: (number: number) => NameSums): void {
  const latencies = createValueLists()
  let count = 0
  for (const part of scope.parts) {
    const numberOf = keys.of(part)
    for (const { nameId, latencyNs, isFailed, isTruncated } of iterateLookups(scope, part)) {
      const number = numberOf(nameId)
      const name = nameAt(number)
      name.lookups++
      if (isFailed) name.failedLookups++
      if (isTruncated) name.truncatedLookups++
      if (latencyNs !== null) latencies.add(number, latencyNs)
      count = Math.max(count, number + 1)
    }
  }
  latencies.take(count).forEach((list, number) => (nameAt(number).latencies = list))
}

function countAddresses({ parts }: Scope, keys: KeyNumbers, names: readonly NameSums[]): void {
  const seen = new Map<number, Set<unknown>>()
  for (const part of parts) {
    const numberOf = keys.of(part)
    const query = queries
      .selectFrom('dns_address')
      .select(['dns_name_id', sql`${sql.raw(boundedText('address'))}`.as('address')])
      .where('session_id', '=', part.sessionId)
    for (const [nameId, address] of iterateRows(part.trace.db, query)) {
      const number = numberOf(Number(nameId))
      const addresses = seen.get(number) ?? new Set()
      seen.set(number, addresses.add(address))
    }
  }
  for (const [number, { size }] of seen) {
    const name = names[number]
    if (name !== undefined) name.addresses = size
  }
}
