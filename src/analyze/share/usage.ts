import { AT, ATTEMPT_COLUMNS } from '../scan/attempt-columns.js'
import { createDnsReader } from '../scan/dns-reader.js'
import { coverPart } from '../scan/plan-scan.js'
import { scanBlocks } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'

/** Dictionary rows that the shared attempts and lookups refer to. */
export interface Usage {
  /** Attempts of an endpoint; Infinity if they were not counted */
  attemptsOf(endpointId: number): number
  /** Whether it is another address of an attempt: behind translation, or requested */
  isOther(endpointId: number): boolean
  /** Whether attempts connected to an address, as text */
  hasAddress(address: string): boolean
  has(table: 'local_address' | 'process' | 'container' | 'cgroup' | 'dns_name', id: number): boolean
}

/** Everything is used. */
export const ALL_USED: Usage = {
  attemptsOf: () => Infinity,
  isOther: () => true,
  hasAddress: () => true,
  has: () => true,
}

/** Usage that is being collected. */
export interface CollectedUsage extends Usage {
  add(table: 'process' | 'container' | 'cgroup' | 'dns_name', id: number): void
}

const LOCAL_PORTS = 65_536
const COLUMNS = ['attempt_id', 'endpoint_id', 'local_endpoint', 'process_id'] as const

/** Reads the attempts of parts of one trace. */
export function countUsage(scope: Scope, parts: readonly SessionPart[]): CollectedUsage {
  const endpoints = new Map<number, number>()
  const used = {
    local_address: new Set<number>(),
    process: new Set<number>(),
    container: new Set<number>(),
    cgroup: new Set<number>(),
    dns_name: new Set<number>(),
  }
  const others = new Set<number>()
  let addresses: ReadonlySet<string> | null = null
  const row = new Float64Array(ATTEMPT_COLUMNS.length)
  for (const part of parts) {
    const nameIdOf = createDnsReader(part.trace.lookup)
    const othersOf = createOthersReader(part)
    scanBlocks(scope, part, coverPart(part, false).ranges, COLUMNS, ({ columns, count }) => {
      for (let i = 0; i < count; i++) {
        const endpoint = columns[AT.endpoint_id]![i] as number
        endpoints.set(endpoint, (endpoints.get(endpoint) ?? 0) + 1)
        used.local_address.add(Math.floor((columns[AT.local_endpoint]![i] as number) / LOCAL_PORTS))
        used.process.add(columns[AT.process_id]![i] as number)
        row[AT.attempt_id] = columns[AT.attempt_id]![i] as number
        const nameId = nameIdOf(row)
        if (nameId !== 0) used.dns_name.add(nameId)
        for (const id of othersOf(row[AT.attempt_id] as number)) if (id !== null) others.add(id)
      }
    })
  }
  return {
    attemptsOf: (id) => endpoints.get(id) ?? 0,
    isOther: (id) => others.has(id),
    hasAddress: (address) =>
      (addresses ??= readAddresses(parts, (id) => endpoints.has(id) || others.has(id))).has(address),
    has: (table, id) => used[table].has(id),
    add: (table, id) => used[table].add(id),
  }
}

function readAddresses([part]: readonly SessionPart[], isUsed: (endpointId: number) => boolean): ReadonlySet<string> {
  const rows = part?.trace.lookup.prepare('SELECT endpoint_id, remote_address FROM endpoint').raw().all() ?? []
  return new Set((rows as [number, string][]).flatMap(([id, address]) => (isUsed(id) ? [address] : [])))
}

type OtherIds = readonly (number | null)[]
const NONE: OtherIds = []

/** Endpoints that an attempt has beside its own. */
function createOthersReader({ trace }: SessionPart): (attemptId: number) => OtherIds {
  const hasAddresses = trace.lookup.prepare('SELECT EXISTS (SELECT 1 FROM connect_nat)').pluck().get() === 1
  if (!hasAddresses) return () => NONE
  const select = 'SELECT nat_endpoint_id, service_endpoint_id FROM connect_nat WHERE attempt_id = ?'
  const find = trace.lookup.prepare(select).raw()
  return (attemptId) => (find.get(attemptId) as OtherIds | undefined) ?? NONE
}
