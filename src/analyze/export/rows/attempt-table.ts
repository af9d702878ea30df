import { PROCESS_COLUMNS, type ConnectColumnName, type ProcessColumnName } from '../../../attempt/connect-values.js'
import { OUTCOMES } from '../../../attempt/outcome.js'
import type { IdRange } from '../../scan/plan-scan.js'
import { remoteSession, type Scope } from '../../scan/scope.js'
import { capacityOf, createAttemptRows, type AttemptRows } from './attempt-rows.js'
import type { CodedValues, ColumnValues, Dictionary, ExportColumn, RowBatch } from './column.js'
import { EXPORTED_COLUMNS, KEY_COLUMNS, type KeyColumnName } from './exported-columns.js'
import { readEntities, type ExportEntities } from './entities.js'
import { createRestoringReaders, type RestoringColumn } from './restoring-columns.js'
import { readSessionKey } from './session-key.js'
import { halvesOf, writeLong } from './long-halves.js'
import { createAttemptCodes, readAttempts, type AttemptCodes, type ReadProgress } from './read-attempts.js'
import { createNumberCodes, createTextCodes } from './value-codes.js'

/** Computes the values of a column. */
export type Reader = (rows: AttemptRows) => ColumnValues

/** The attempts of a scope as a table with the columns of the view `connects`, after their key. */
export interface AttemptTable {
  readonly columns: readonly ExportColumn[]
  /** Entities of the attempts, by the numbers in `AttemptRows` */
  readonly entities: ExportEntities
  /**
   * Reads all attempts in batches. All of them, also those of later reads, reuse the same memory.
   * @param within only attempts with these ids
   */
  read(progress: ReadProgress, within?: IdRange): Iterable<AttemptRows>
  /** Attempts as columns; scratch memory is shared by all of them. */
  batchOf(rows: AttemptRows): RowBatch
}

/**
 * @param capacity attempts per batch
 * @param more columns that follow those of the view, of `RESTORING_COLUMNS`
 */
export function createAttemptTable(
  scope: Scope,
  capacity: number,
  more: readonly RestoringColumn[] = [],
): AttemptTable {
  const entities = readEntities(scope)
  const codes = createAttemptCodes()
  const sources = { entities, codes, scratch: new Int32Array(capacity) }
  const keys = createKeyReaders(scope, capacity, sources.scratch)
  const restoring = createRestoringReaders(scope, entities, sources.scratch)
  const readers = { ...keys.readers, ...createReaders(scope, sources), ...restoring }
  const columns = [...KEY_COLUMNS, ...EXPORTED_COLUMNS, ...more]
  const inOrder = columns.map(({ name }) => readers[name])
  const dictionaries = Object.entries(entities.codes).map(([name, { dictionary }]) => [name, dictionary])
  const texts: Record<string, Dictionary> = { ...Object.fromEntries(dictionaries), ...keys.texts, outcome: OUTCOMES }
  let rows: AttemptRows | null = null
  return {
    columns: columns.map((column) => withDictionary(column, texts[column.name])),
    entities,
    read(progress, within) {
      const needed = Math.min(capacity, within ? within.last - within.first + 1 : capacity)
      if (rows === null || capacityOf(rows) < needed) rows = createAttemptRows(needed, more.length > 0)
      return readAttempts(scope, { entities, codes, rows }, progress, within)
    },
    batchOf: (batch) => ({ rowCount: batch.count, values: (position) => (inOrder[position] as Reader)(batch) }),
  }
}

interface Sources {
  readonly entities: ExportEntities
  readonly codes: AttemptCodes
  readonly scratch: Int32Array
}

function createReaders(
  scope: Scope,
  { entities, codes, scratch }: Sources,
): Readonly<Record<ConnectColumnName, Reader>> {
  const { processes, endpoints, codes: known } = entities
  const ofEntity = (entity: Entity, values: readonly number[], dictionary: Dictionary): Reader => {
    const table = Int32Array.from(values)
    const isEverywhere = !OPTIONAL.includes(entity)
    if (table.length === 0 || (isEverywhere && table.every((code) => code === table[0]))) {
      return () => constant(scratch, table[0] ?? -1, dictionary)
    }
    const isPresent = isEverywhere && table.every((code) => code >= 0)
    return (rows) => ({ ...coded(gather(table, rows[entity], rows.count, scratch), dictionary), isPresent })
  }
  const ofProcess = PROCESS_COLUMNS.map(
    ({ name }) => [name, ofEntity('process', processes[name], known[name].dictionary)] as const,
  )
  const ofEndpoint = (name: keyof typeof endpoints) => ofEntity('endpoint', endpoints[name], known[name].dictionary)
  const ofOther = (entity: OptionalEntity, name: keyof ExportEntities['otherEndpoints']) =>
    ofEntity(entity, entities.otherEndpoints[name], known[name].dictionary)
  const ofOwner = (name: keyof ExportEntities['ownerNames']) =>
    ofEntity('remoteOwner', entities.ownerNames[name], known[name].dictionary)
  const ofName = (reader: Reader): Reader => (entities.dnsNames.length > 0 ? reader : () => constant(scratch, -1, []))
  const unixNs: Reader = (rows) => ({ kind: 'longs', halves: rows.unixNs, nulls: null })
  return {
    ...(Object.fromEntries(ofProcess) as Record<ProcessColumnName, Reader>),
    session_id: ofPart(sessionsOf(scope), scratch),
    started_ns: unixNs,
    time: unixNs,
    latency_ns: (rows) => ({ kind: 'longs', halves: rows.latencyNs, nulls: rows.isPending }),
    outcome: (rows) => coded(rows.outcome, OUTCOMES),
    errno: (rows) => coded(rows.errno, codes.errno.dictionary),
    syn_retransmits: (rows) => coded(rows.synRetransmits, codes.synRetransmits.dictionary),
    tid: (rows) => coded(rows.tid, known.pid.dictionary),
    family: ofEndpoint('family'),
    local_address: ofEntity('localAddress', entities.localAddresses, known.local_address.dictionary),
    local_port: (rows) => coded(rows.localPort, codes.localPort.dictionary),
    remote_address: ofEndpoint('remote_address'),
    remote_port: ofEndpoint('remote_port'),
    dns_name: ofEntity('dnsName', entities.dnsNames, known.dns_name.dictionary),
    dns_age_ns: ofName((rows) => ({ kind: 'longs', halves: halvesOf(rows.dnsAgeNs), nulls: rows.hasNoDnsAge })),
    dns_lookup_ns: ofName((rows) => ({
      kind: 'longs',
      halves: halvesOf(rows.dnsLookupNs),
      nulls: rows.hasNoDnsLookup,
    })),
    dns_candidates: ofName((rows) => coded(rows.dnsCandidates, codes.dnsCandidates.dictionary)),
    nat_address: ofOther('natEndpoint', 'nat_address'),
    nat_port: ofOther('natEndpoint', 'nat_port'),
    service_address: ofOther('serviceEndpoint', 'service_address'),
    service_port: ofOther('serviceEndpoint', 'service_port'),
    remote_container: ofOwner('remote_container'),
    remote_pod: ofOwner('remote_pod'),
  }
}

type Entity = 'process' | 'endpoint' | 'localAddress' | OptionalEntity
/** Most attempts have none. */
type OptionalEntity = 'dnsName' | 'natEndpoint' | 'serviceEndpoint' | 'remoteOwner'
const OPTIONAL: readonly Entity[] = ['dnsName', 'natEndpoint', 'serviceEndpoint', 'remoteOwner']

/** A code for each part of a scope. */
interface PartCodes {
  readonly codes: readonly number[]
  readonly dictionary: Dictionary
}

/** Readers of `KEY_COLUMNS`, and the texts that they use. */
function createKeyReaders({ parts }: Scope, capacity: number, scratch: Int32Array) {
  const keys = parts.map(readSessionKey)
  const columns = {
    host: textsOfParts(parts.map(({ host }) => host)),
    boot_id: textsOfParts(keys.map(({ bootId }) => bootId)),
    session_uuid: textsOfParts(keys.map(({ uuid }) => uuid)),
  }
  const halves = new Int32Array(capacity * 2)
  const offsets = parts.map((part) => remoteSession(part)?.attemptIdOffset ?? 0)
  const attemptId: Reader = ({ attemptId: ids, count, part }) => {
    const offset = offsets[part] as number
    for (let i = 0; i < count; i++) writeLong(halves, i, (ids[i] as number) + offset)
    return { kind: 'longs', halves, nulls: null }
  }
  const readers: Readonly<Record<KeyColumnName, Reader>> = {
    host: ofPart(columns.host, scratch),
    boot_id: ofPart(columns.boot_id, scratch),
    session_uuid: ofPart(columns.session_uuid, scratch),
    attempt_id: attemptId,
  }
  const texts = Object.fromEntries(Object.entries(columns).map(([name, { dictionary }]) => [name, dictionary]))
  return { readers, texts }
}

function ofPart({ codes, dictionary }: PartCodes, scratch: Int32Array): Reader {
  return ({ part }) => constant(scratch, codes[part] as number, dictionary)
}

function textsOfParts(texts: readonly string[]): PartCodes {
  const known = createTextCodes()
  return { codes: texts.map((text) => known.codeOf(text)), dictionary: known.dictionary }
}

function sessionsOf({ parts }: Scope): PartCodes {
  const sessions = createNumberCodes('session_id', 'int32')
  return {
    codes: parts.map((part) => sessions.codeOf(remoteSession(part)?.sessionId ?? part.sessionId)),
    dictionary: sessions.dictionary,
  }
}

function coded(codes: Int32Array, dictionary: Dictionary): CodedValues {
  return { kind: 'coded', codes, dictionary, isConstant: false, isPresent: false }
}

function constant(scratch: Int32Array, code: number, dictionary: Dictionary): CodedValues {
  scratch[0] = code
  return { kind: 'coded', codes: scratch, dictionary, isConstant: true, isPresent: code >= 0 }
}

function withDictionary(column: ExportColumn, dictionary: Dictionary | undefined): ExportColumn {
  return column.type === 'utf8' && dictionary !== undefined ? { ...column, dictionary } : column
}

/** Codes of entities; -1: none. */
function gather(table: Int32Array, numbers: Int32Array, count: number, target: Int32Array): Int32Array {
  for (let i = 0; i < count; i++) {
    const number = numbers[i] as number
    target[i] = number < 0 ? -1 : (table[number] as number)
  }
  return target
}
