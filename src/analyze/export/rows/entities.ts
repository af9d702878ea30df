import type { Database } from 'better-sqlite3'
import { sql, type RawBuilder } from 'kysely'
import { PROCESS_COLUMNS, type ProcessColumnName } from '../../../attempt/connect-values.js'
import { endpointConditions, processConditions } from '../../scan/attempt-filters.js'
import { queries } from '../../scan/query-builder.js'
import { readAddressOwners, type RecordedOwners, type RemoteOwner } from '../../scan/address-owners.js'
import type { Scope, SessionPart } from '../../scan/scope.js'
import type { Trace } from '../../scan/trace.js'
import { LOCAL_ADDRESSES, selectEndpoints, selectNames, selectOthers, selectProcesses } from './entity-queries.js'
import { createIdIndex, type IdIndex } from './id-index.js'
import { createLongCodes, createNumberCodes, createTextCodes, type ValueCodes } from './value-codes.js'

/** A value per entity as its code; -1 is NULL. */
type Codes = number[]

/** Processes, endpoints and addresses of all traces of an export, with consecutive numbers. */
export interface ExportEntities {
  readonly processes: Readonly<Record<ProcessColumnName, Codes>> & { readonly pidValue: number[] }
  readonly endpoints: Readonly<Record<'family' | 'remote_address' | 'remote_port', Codes>>
  /** Translated and requested addresses */
  readonly otherEndpoints: Readonly<Record<OtherColumn, Codes>>
  /** Owners of destinations, by session */
  readonly owners: ReadonlyMap<SessionPart, NumberedOwners | null>
  readonly ownerNames: Readonly<Record<'remote_container' | 'remote_pod', Codes>>
  readonly localAddresses: Codes
  readonly dnsNames: Codes
  /** Numbers by id, for each trace. */
  readonly numbers: ReadonlyMap<Trace, TraceNumbers>
  /** Ids by number, those of all traces one after the other */
  readonly ids: Readonly<Record<keyof TraceNumbers, number[]>>
  readonly codes: ReturnType<typeof createColumnCodes>
}

export interface TraceNumbers {
  readonly process: IdIndex
  readonly endpoint: IdIndex
  readonly natEndpoint: IdIndex
  readonly serviceEndpoint: IdIndex
  readonly localAddress: IdIndex
  readonly dnsName: IdIndex
}

/** Numbers of the owners of addresses, in `ownerNames`. */
export interface NumberedOwners extends RecordedOwners {
  numberOf(owner: RemoteOwner): number
}

type OtherColumn = 'nat_address' | 'nat_port' | 'service_address' | 'service_port'

type ColumnCodes = ValueCodes<string> | ValueCodes<number> | ValueCodes<bigint>

function createProcessCodes(): Record<ProcessColumnName, ColumnCodes> {
  const entries = PROCESS_COLUMNS.map(({ name, type }) => [name, createCodes(name, type)])
  return Object.fromEntries(entries) as Record<ProcessColumnName, ColumnCodes>
}

function createCodes(name: string, type: (typeof PROCESS_COLUMNS)[number]['type']): ColumnCodes {
  if (type === 'utf8') return createTextCodes()
  return type === 'int64' ? createLongCodes() : createNumberCodes(name, type)
}

/** tid shares the codes of pid: most connecting threads are main threads. */
function createColumnCodes() {
  return {
    ...createProcessCodes(),
    pid: createNumberCodes('pid', 'int32'),
    family: createNumberCodes('family', 'uint8'),
    local_address: createTextCodes(),
    remote_address: createTextCodes(),
    remote_port: createNumberCodes('remote_port', 'uint16'),
    dns_name: createTextCodes(),
    nat_address: createTextCodes(),
    nat_port: createNumberCodes('nat_port', 'uint16'),
    service_address: createTextCodes(),
    service_port: createNumberCodes('service_port', 'uint16'),
    remote_container: createTextCodes(),
    remote_pod: createTextCodes(),
  }
}

/** Reads the entities of attempts, limited by the filters, so that the file contains no others. */
export function readEntities({ parts, filters }: Scope): ExportEntities {
  const codes = createColumnCodes()
  const processes = { ...noCodes(PROCESS_COLUMNS.map(({ name }) => name)), pidValue: [] as number[] }
  const endpoints = noCodes(['family', 'remote_address', 'remote_port'])
  const otherEndpoints = noCodes(['nat_address', 'nat_port', 'service_address', 'service_port'])
  const ownerNames = noCodes(['remote_container', 'remote_pod'])
  const localAddresses: Codes = []
  const dnsNames: Codes = []
  const ids = noCodes(['process', 'endpoint', 'natEndpoint', 'serviceEndpoint', 'localAddress', 'dnsName'])
  const readOthers = (trace: Trace, sessions: readonly number[], kind: 'nat' | 'service') =>
    readTable(trace.lookup, ids[`${kind}Endpoint`], selectOthers(sessions, `${kind}_endpoint_id`), (row) => {
      otherEndpoints[`${kind}_address`].push(codeOf(codes[`${kind}_address`], row[0]))
      otherEndpoints[`${kind}_port`].push(codeOf(codes[`${kind}_port`], row[1]))
    })
  const readTrace = (trace: Trace): TraceNumbers => {
    const sessions = parts.filter((part) => part.trace === trace).map((part) => part.sessionId)
    const ofSessions = sql`process.session_id IN (${sql.join(sessions)})`
    return {
      process: readTable(
        trace.lookup,
        ids.process,
        selectProcesses([ofSessions, ...processConditions(filters)]),
        (row) => {
          PROCESS_COLUMNS.forEach(({ name }, i) => processes[name].push(codeOf(codes[name], row[i] ?? null)))
          processes.pidValue.push(Number(row[0]))
        },
      ),
      endpoint: readTable(trace.lookup, ids.endpoint, selectEndpoints(endpointConditions(filters)), (row) => {
        endpoints.family.push(codeOf(codes.family, row[0]))
        endpoints.remote_address.push(codeOf(codes.remote_address, row[1]))
        endpoints.remote_port.push(codeOf(codes.remote_port, row[2]))
      }),
      natEndpoint: readOthers(trace, sessions, 'nat'),
      serviceEndpoint: readOthers(trace, sessions, 'service'),
      localAddress: readTable(trace.lookup, ids.localAddress, LOCAL_ADDRESSES, ([text]) => {
        localAddresses.push(codeOf(codes.local_address, text))
      }),
      dnsName: readTable(trace.lookup, ids.dnsName, selectNames(sessions), ([text]) => {
        dnsNames.push(codeOf(codes.dns_name, text))
      }),
    }
  }
  const numbers = new Map([...new Set(parts.map((part) => part.trace))].map((trace) => [trace, readTrace(trace)]))
  const addOwner = ({ container, pod }: RemoteOwner) => {
    ownerNames.remote_container.push(codeOf(codes.remote_container, container))
    return ownerNames.remote_pod.push(codeOf(codes.remote_pod, pod)) - 1
  }
  const owners = new Map(parts.map((part) => [part, readOwners(part, addOwner)]))
  return { processes, endpoints, otherEndpoints, owners, ownerNames, localAddresses, dnsNames, numbers, ids, codes }
}

function readOwners(part: SessionPart, add: (owner: RemoteOwner) => number): NumberedOwners | null {
  const owners = readAddressOwners(part.trace.lookup, part)
  if (owners === null) return null
  const numbers = new Map([...owners.byAddress.values()].flat().map(({ owner }) => [owner, add(owner)]))
  return { ...owners, numberOf: (owner) => numbers.get(owner) ?? -1 }
}

function noCodes<Name extends string>(names: readonly Name[]): Record<Name, Codes> {
  return Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Codes>
}

type Cell = string | bigint | null

function codeOf(codes: ColumnCodes, value: Cell | undefined): number {
  if (value === null || value === undefined) return -1
  if (typeof value === 'string') return (codes as ValueCodes<string>).codeOf(value)
  if (codes.isLong) return (codes as ValueCodes<bigint>).codeOf(value)
  return (codes as ValueCodes<number>).codeOf(Number(value))
}

/**
 * Reads rows whose first column is the id, and numbers them in their order.
 * @param ids gets the ids
 * @param add takes the other columns of a row
 */
function readTable(
  db: Database,
  ids: number[],
  query: RawBuilder<unknown>,
  add: (row: readonly Cell[]) => void,
): IdIndex {
  const { sql: text, parameters } = query.compile(queries)
  const first = ids.length
  let maxId = 0
  const rows = db
    .prepare(text)
    .raw()
    .safeIntegers()
    .iterate(...parameters) as IterableIterator<[bigint, ...Cell[]]>
  for (const [id, ...row] of rows) {
    ids.push(Number(id))
    maxId = Math.max(maxId, Number(id))
    add(row)
  }
  const index = createIdIndex(ids.length - first, maxId)
  for (let number = first; number < ids.length; number++) index.set(ids[number] as number, number)
  return index
}
