import type { Database } from 'better-sqlite3'
import { sql, type RawBuilder } from 'kysely'
import { endpointConditions, processConditions } from '../../trace/attempt-filters.js'
import { knowsLookups } from '../../trace/knows-lookups.js'
import { queries } from '../../trace/query-builder.js'
import { boundedText } from '../../trace/row-reader.js'
import type { Scope } from '../../trace/scope.js'
import type { Trace } from '../../trace/trace.js'
import { createIdIndex, type IdIndex } from './id-index.js'
import { createLongCodes, createNumberCodes, createTextCodes, type ValueCodes } from './value-codes.js'

/** A value per entity as its code; -1 is NULL. */
type Codes = number[]

/** Processes, endpoints and addresses of all traces of an export, numbered one after the other. */
export interface Entities {
  readonly processes: Readonly<Record<ProcessColumn, Codes>> & { readonly pidValue: number[] }
  readonly endpoints: Readonly<Record<'family' | 'remote_address' | 'remote_port', Codes>>
  readonly localAddresses: Codes
  readonly dnsNames: Codes
  /** Numbers by id, for each trace. */
  readonly numbers: ReadonlyMap<Trace, TraceNumbers>
  readonly codes: ColumnCodes
}

export interface TraceNumbers {
  readonly process: IdIndex
  readonly endpoint: IdIndex
  readonly localAddress: IdIndex
  readonly dnsName: IdIndex
}

const PROCESS_COLUMNS = [
  'pid',
  'process_start_ns',
  'comm',
  'exe',
  'uid',
  'user',
  'cgroup',
  'container',
  'netns',
  'mntns',
] as const
type ProcessColumn = (typeof PROCESS_COLUMNS)[number]
type ColumnCodes = ReturnType<typeof createColumnCodes>

/** tid has the codes of pid: most threads that connect are the main one. */
function createColumnCodes() {
  return {
    pid: createNumberCodes('pid', 'int32'),
    process_start_ns: createLongCodes(),
    comm: createTextCodes(),
    exe: createTextCodes(),
    uid: createNumberCodes('uid', 'uint32'),
    user: createTextCodes(),
    cgroup: createTextCodes(),
    container: createTextCodes(),
    netns: createNumberCodes('netns', 'uint32'),
    mntns: createNumberCodes('mntns', 'uint32'),
    family: createNumberCodes('family', 'uint8'),
    local_address: createTextCodes(),
    remote_address: createTextCodes(),
    remote_port: createNumberCodes('remote_port', 'uint16'),
    dns_name: createTextCodes(),
  }
}

/** Reads what attempts refer to; only what the filters leave, so that nothing else gets into the file. */
export function readEntities({ parts, filters }: Scope): Entities {
  const codes = createColumnCodes()
  const processes = { ...noCodes(PROCESS_COLUMNS), pidValue: [] as number[] }
  const endpoints = noCodes(['family', 'remote_address', 'remote_port'])
  const localAddresses: Codes = []
  const dnsNames: Codes = []
  const readTrace = (trace: Trace): TraceNumbers => {
    const sessions = parts.filter((part) => part.trace === trace).map((part) => part.sessionId)
    const ofSessions = sql`process.session_id IN (${sql.join(sessions)})`
    return {
      process: readTable(trace.lookup, selectProcesses(trace, [ofSessions, ...processConditions(filters)]), (row) => {
        PROCESS_COLUMNS.forEach((name, i) => processes[name].push(codeOf(codes[name], row[i] ?? null)))
        return processes.pidValue.push(Number(row[0])) - 1
      }),
      endpoint: readTable(trace.lookup, selectEndpoints(endpointConditions(filters)), ([family, address, port]) => {
        endpoints.family.push(codeOf(codes.family, family))
        endpoints.remote_address.push(codeOf(codes.remote_address, address))
        return endpoints.remote_port.push(codeOf(codes.remote_port, port)) - 1
      }),
      localAddress: readTable(trace.lookup, LOCAL_ADDRESSES, ([text]) => {
        return localAddresses.push(codeOf(codes.local_address, text)) - 1
      }),
      dnsName: readTable(
        trace.lookup,
        selectNames(sessions),
        ([text]) => dnsNames.push(codeOf(codes.dns_name, text)) - 1,
      ),
    }
  }
  const numbers = new Map([...new Set(parts.map((part) => part.trace))].map((trace) => [trace, readTrace(trace)]))
  return { processes, endpoints, localAddresses, dnsNames, numbers, codes }
}

function noCodes<Name extends string>(names: readonly Name[]): Record<Name, Codes> {
  return Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Codes>
}

type Cell = string | bigint | null

function codeOf(codes: ValueCodes<string> | ValueCodes<number> | ValueCodes<bigint>, value: Cell | undefined): number {
  if (value === null || value === undefined) return -1
  if (typeof value === 'string') return (codes as ValueCodes<string>).codeOf(value)
  if (codes.isLong) return (codes as ValueCodes<bigint>).codeOf(value)
  return (codes as ValueCodes<number>).codeOf(Number(value))
}

const bounded = (column: string) => sql.raw(boundedText(column))
const LOCAL_ADDRESSES = sql`SELECT local_address_id, ${bounded('local_address')} FROM local_address`

/** Names that were looked up and never connected to are no part of any attempt. Ids of a session are consecutive. */
function selectNames(sessions: readonly number[]): RawBuilder<unknown> {
  const bound = (value: string) =>
    sql`(SELECT ${sql.raw(value)} FROM batch WHERE session_id IN (${sql.join(sessions)}))`
  return sql`SELECT dns_name_id, ${bounded('dns_name')} FROM dns_name WHERE dns_name_id IN (SELECT dns_name_id FROM connect_dns
    WHERE attempt_id BETWEEN ${bound('min(first_attempt_id)')} AND ${bound('max(first_attempt_id + attempt_count)')})`
}

function selectProcesses({ lookup }: Trace, conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  const container = knowsLookups(lookup) ? bounded('cgroup.container') : sql`NULL`
  return sql`SELECT process_id, pid, process_start_ns, ${bounded('comm')}, ${bounded('exe')}, uid, ${bounded('user')},
      ${bounded('cgroup.path')}, ${container}, netns, mntns
    FROM process LEFT JOIN cgroup USING (cgroup_id) WHERE ${sql.join(conditions, sql` AND `)}`
}

function selectEndpoints(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql`SELECT endpoint_id, family, ${bounded('remote_address')}, remote_port FROM endpoint
    WHERE ${sql.join([sql`1`, ...conditions], sql` AND `)}`
}

/** Reads rows whose first column is the id; `add` gives them their numbers. */
function readTable(db: Database, query: RawBuilder<unknown>, add: (row: readonly Cell[]) => number): IdIndex {
  const { sql: text, parameters } = query.compile(queries)
  const ids: number[] = []
  const numbers: number[] = []
  let maxId = 0
  const rows = db
    .prepare(text)
    .raw()
    .safeIntegers()
    .iterate(...parameters) as IterableIterator<[bigint, ...Cell[]]>
  for (const [id, ...row] of rows) {
    ids.push(Number(id))
    maxId = Math.max(maxId, Number(id))
    numbers.push(add(row))
  }
  const index = createIdIndex(ids.length, maxId)
  ids.forEach((id, i) => index.set(id, numbers[i] as number))
  return index
}
