import { formatAddress } from '../../attempt/address.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import type { StatementOptions } from '../../clickhouse/connect.js'
import { prefixRange, type AttemptFilters } from '../scan/attempt-filters.js'

/** Conditions on the table `attempts` with bound parameters. */
export interface AttemptConditions {
  /** SQL, joined by AND; none: all attempts */
  readonly conditions: readonly string[]
  readonly values: NonNullable<StatementOptions['values']>
}

export const ALL_ATTEMPTS: AttemptConditions = { conditions: [], values: {} }

/** Attempts near a limit are compared exactly in the trace. */
const MARGIN_NS = 10_000_000_000n

/**
 * Conditions that the attempts of filters and a time meet; others may meet them too, since the trace is filtered again. Names that
 * become known after an attempt was pushed are not compared: users, cgroups, containers.
 */
export function attemptConditions(
  filters: AttemptFilters,
  { since, until }: { readonly since: bigint | null; readonly until: bigint | null },
): AttemptConditions {
  const conditions: string[] = []
  const values: Record<string, NonNullable<StatementOptions['values']>[string]> = {}
  const add = (isSet: boolean, condition: string, bound: typeof values) => {
    if (!isSet) return
    conditions.push(condition)
    Object.assign(values, bound)
  }
  const { ports, family, outcomes, minLatencyNs, comms, pids, users, destinations } = filters
  add(since !== null, 'time >= fromUnixTimestamp64Nano({since:Int64})', { since: (since ?? 0n) - MARGIN_NS })
  add(until !== null, 'time < fromUnixTimestamp64Nano({until:Int64})', { until: (until ?? 0n) + MARGIN_NS })
  add(ports.length > 0, 'remote_port IN {ports:Array(UInt16)}', { ports })
  add(family !== null, 'family = {family:UInt8}', { family: family ?? 0 })
  const codes = outcomes.map((outcome) => OUTCOMES.indexOf(outcome))
  add(outcomes.length > 0, 'toInt8(outcome) IN {outcomes:Array(Int8)}', { outcomes: codes })
  add(minLatencyNs > 0, 'latency_ns >= {latency:Int64}', { latency: Math.floor(minLatencyNs) })
  add(comms.length > 0, 'comm IN {comms:Array(String)}', { comms })
  add(pids.length > 0, 'pid IN {pids:Array(Int64)}', { pids })
  const uids = users.filter((user) => typeof user === 'number')
  add(uids.length > 0 && uids.length === users.length, 'uid IN {uids:Array(Int64)}', { uids })
  destinations.forEach((prefix, i) => {
    const { first, last } = prefixRange(prefix)
    Object.assign(values, { [`first${i}`]: ipv6(first), [`last${i}`]: ipv6(last) })
  })
  const inside = destinations.map((_, i) => `remote_address BETWEEN {first${i}:IPv6} AND {last${i}:IPv6}`)
  add(inside.length > 0, `(${inside.join(' OR ')})`, {})
  return { conditions, values }
}

/** A 16-byte address; IPv4 as IPv4-mapped. */
function ipv6(bytes: Buffer): string {
  const text = formatAddress(bytes)
  return text.includes(':') ? text : `::ffff:${text}`
}
