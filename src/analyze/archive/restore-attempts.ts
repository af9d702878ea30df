import type { Database } from 'better-sqlite3'
import { OUTCOMES, type Outcome } from '../../attempt/outcome.js'
import type { ArchiveConditions } from './archive-conditions.js'
import { damagedFile } from './archive-fault.js'
import {
  CGROUP_FIELDS,
  CONTAINER_FIELDS,
  createRestoredDictionaries,
  PROCESS_FIELDS,
  type RestoredDictionaries,
} from './dictionaries.js'
import type { DuckCell, Duckdb, Values } from './duckdb.js'
import { createOwners, writeOwners } from './restore-owners.js'
import type { RestoredSession } from './restore-sessions.js'

/** Columns of a file in the order of reading. */
const OF_PROCESS = [...PROCESS_FIELDS, ...CGROUP_FIELDS, ...CONTAINER_FIELDS]
const COLUMNS = [
  'session_uuid',
  'attempt_id',
  'process_id',
  'started_ns - unix_offset_ns',
  'latency_ns',
  'outcome',
  'errno',
  'syn_retransmits',
  'flags',
  'tid',
  'family',
  'remote_address',
  'remote_port',
  'local_address',
  'local_port',
  'dns_name',
  'dns_age_ns',
  'dns_lookup_ns',
  'dns_candidates',
  'nat_address',
  'nat_port',
  'service_address',
  'service_port',
  'remote_container',
  'remote_pod',
  ...OF_PROCESS,
] as const
const [AT_CGROUP, AT_CONTAINER] = [PROCESS_FIELDS.length, PROCESS_FIELDS.length + CGROUP_FIELDS.length]

/**
 * Reads the attempts of sessions into the trace. Attempts that several files have replace each other: the later state of the session
 * counts.
 * @throws E_ARCHIVE_DAMAGED
 */
export async function restoreAttempts(
  db: Database,
  sessions: readonly RestoredSession[],
  { where, values }: ArchiveConditions,
  duckdb: Duckdb,
): Promise<void> {
  createOwners(db)
  const write = createAttemptWriter(db)
  const sql = `SELECT ${COLUMNS.join(', ')} FROM read_parquet($path, hive_partitioning = false) WHERE ${where}`
  const processes = { next: 1 }
  for (const session of sessions) {
    const ids = await numberProcesses(session, { where, values }, duckdb, processes)
    const written = new Set<number>()
    const idOf: ProcessIdOf = (ownId, writeRow) => {
      const id = ids.get(ownId)
      if (id === undefined) throw new Error('it changed while it was read')
      if (!written.has(id)) writeRow(id)
      written.add(id)
      return id
    }
    await readParts(session, duckdb, { sql, values }, (row) => write(session, row, idOf))
  }
  writeOwners(db)
}

/** Gets the id in the trace of a process, whose row is written when it is seen first. */
type ProcessIdOf = (ownId: number, writeRow: (id: number) => void) => number

/** Ids of processes in the order of those in the original trace: the first row of a process gives its name. */
async function numberProcesses(
  session: RestoredSession,
  { where, values }: ArchiveConditions,
  duckdb: Duckdb,
  processes: { next: number },
): Promise<Map<number, number>> {
  const found = new Set<number>()
  const sql = `SELECT DISTINCT process_id FROM read_parquet($path, hive_partitioning = false) WHERE ${where}`
  await readParts(session, duckdb, { sql, values }, ([id]) => found.add(Number(id)))
  return new Map([...found].toSorted((a, b) => a - b).map((id) => [id, processes.next++]))
}

/** @throws E_ARCHIVE_DAMAGED */
async function readParts(
  { parts }: RestoredSession,
  duckdb: Duckdb,
  { sql, values }: { readonly sql: string; readonly values: Values },
  take: (row: readonly DuckCell[]) => void,
): Promise<void> {
  for (const { part, path } of parts) {
    try {
      for await (const rows of duckdb.rows(sql, { ...values, path })) for (const row of rows) take(row)
    } catch (error) {
      throw damagedFile(part.name, error)
    }
  }
}

function createAttemptWriter(
  db: Database,
): (session: RestoredSession, row: readonly DuckCell[], processIdOf: ProcessIdOf) => void {
  const dictionaries = createRestoredDictionaries(db)
  const replace = (table: string, columns: number) =>
    db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${Array.from({ length: columns }, () => '?').join(', ')})`)
  const attempt = replace('connect_attempt', 12)
  const name = replace('connect_dns', 5)
  const nat = replace('connect_nat', 3)
  const owner = replace('owner_of_attempt', 2)
  return (session, row, processIdOf) => {
    const [
      uuid,
      ownId,
      ownProcessId,
      startedNs,
      latencyNs,
      outcome,
      errno,
      synRetransmits,
      flags,
      tid,
      family,
      ...others
    ] = row
    const [address, port, local, localPort, dnsName, dnsAge, dnsLookup, candidates, ...last] = others
    const [natAddress, natPort, serviceAddress, servicePort, container, pod, ...ofProcess] = last
    const { sessionId } = session
    const id = idInTrace(session, uuid, ownId)
    attempt.run(
      id,
      sessionId,
      startedNs,
      latencyNs,
      typeof outcome === 'string' ? outcomeCode(outcome) : null,
      errno,
      synRetransmits,
      flags,
      processIdOf(Number(ownProcessId), (processId) => writeProcess(dictionaries, processId, sessionId, ofProcess)),
      Number(tid ?? 0) - Number(ofProcess[0] ?? 0),
      dictionaries.endpoint(address ?? null, port ?? null, family),
      dictionaries.localAddress(local ?? null) * 65_536 + Number(localPort ?? 0),
    )
    if (typeof dnsName === 'string') {
      name.run(id, dictionaries.dnsName(dnsName), dnsAge, dnsLookup, candidates)
    }
    if (typeof natAddress === 'string' || typeof serviceAddress === 'string') {
      const idOf = (one: DuckCell | undefined, its: DuckCell | undefined) =>
        typeof one === 'string' ? dictionaries.endpoint(one, its ?? null) : null
      nat.run(id, idOf(natAddress, natPort), idOf(serviceAddress, servicePort))
    }
    if (typeof container === 'string' || typeof pod === 'string') {
      owner.run(id, dictionaries.owner(sessionId, container ?? null, pod ?? null))
    }
  }
}

function writeProcess(
  dictionaries: RestoredDictionaries,
  id: number,
  sessionId: number,
  cells: readonly DuckCell[],
): void {
  const [cgroup, container] = [cells.slice(AT_CGROUP, AT_CONTAINER), cells.slice(AT_CONTAINER)]
  dictionaries.writeProcess(id, sessionId, cells.slice(0, AT_CGROUP), cgroup, container)
}

function idInTrace(
  { facts, offset }: RestoredSession,
  uuid: DuckCell | undefined,
  ownId: DuckCell | undefined,
): number {
  const id = Number(ownId)
  const isOwn = facts.first_attempt_id <= id && id < facts.first_attempt_id + facts.attempts
  if (uuid !== facts.session_uuid || !isOwn) throw new Error('it has attempts that its session does not have')
  return id + offset
}

function outcomeCode(name: string): number | null {
  const code = OUTCOMES.indexOf(name as Outcome)
  return code < 0 ? null : code
}
