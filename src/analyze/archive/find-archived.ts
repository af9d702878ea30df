import { TcpconnError, UsageError } from '../../base/errors.js'
import { nearestName } from '../../text/nearest-name.js'
import type { ArchivedSession } from '../export/parts/archived-session.js'
import { parseTimes, type RawScope } from '../options/select-scope.js'
import type { RemoteChoice } from '../remote/find-sessions.js'
import { parseSessions, resolveAgo } from '../remote/find-sessions.js'
import { describeFault, describeLeftOut, findFault, findForged, nothingLeft, withoutThose } from '../remote/left-out.js'
import type { FoundSession } from '../remote/read-sessions.js'
import { spanOfSessions, touches } from '../remote/session-times.js'
import { emptyArchive } from './archive-fault.js'
import type { Duckdb } from './duckdb.js'
import { findParts, hostsOfParts, ofHosts, ofTime, type ArchivePart } from './find-parts.js'
import { groupBy } from './group-by.js'
import { describeMissing } from './missing-attempts.js'
import type { Archive } from './open-archive.js'
import { fetchParts, type FetchedPart } from './read-facts.js'

/** A session of a data set with its files, those with an older state of it first. */
export interface FoundArchived {
  readonly found: FoundSession
  readonly facts: ArchivedSession
  readonly parts: readonly FetchedPart[]
}

/** The sessions of an answer, by host and start, and the time that is asked for in Unix ns. */
export interface ArchiveSelection {
  readonly sessions: readonly FoundArchived[]
  readonly since: bigint | null
  readonly until: bigint | null
  /** Lines about sessions that cannot be read, and about attempts that the data set does not have */
  readonly missing: readonly string[]
}

/**
 * Finds the sessions of the hosts that have something of the time, and fetches their files. Only files whose directories are of these
 * hosts and this time are fetched.
 * @throws UsageError, E_ARCHIVE_EMPTY, E_FLEET_NO_HOST, E_FLEET_NO_DATA and the errors of `fetchParts`
 */
export async function findArchived(
  archive: Archive,
  options: RawScope & RemoteChoice,
  place: { readonly duckdb: Duckdb; readonly directory: string },
): Promise<ArchiveSelection> {
  const uuids = parseSessions(options.session)
  const { host: hosts = [] } = options
  const raw = resolveAgo(options)
  const all = findParts(await archive.list())
  if (all.length === 0) throw emptyArchive(archive.place, 'it has no Parquet files')
  const ofSessions = all.filter(({ session }) => uuids === null || uuids.includes(session))
  const missing = uuids?.find((uuid) => !all.some(({ session }) => session === uuid))
  if (missing !== undefined) throw new UsageError('--session', missing, 'all, or UUIDs of sessions of the data set')
  const { since: certainSince, until: certainUntil } = certainTimes(raw)
  const wanted = ofTime(ofHosts(ofSessions, hosts), certainSince, certainUntil)
  const fetched = await fetchParts(archive, wanted, place)
  const sessions = groupBySession(fetched).filter(({ found }) => hosts.length === 0 || hosts.includes(found.host))
  requireHosts(archive, hosts, all, fetched)
  if (sessions.length === 0) throw noData(archive)
  const found = sessions.map((session) => session.found)
  const unsound = found.flatMap((session) => describeFault(session, findFault(session)))
  const sound = withoutThose(found, unsound)
  if (sound.length === 0) throw nothingLeft(unsound, 'archive')
  const { since, until } = parseTimes(raw, () => spanOfSessions(sound))
  const touching = sound.filter((session) => touches(session, since, until))
  const leftOut = [...unsound, ...findForged(touching, found)]
  const left = new Set(withoutThose(touching, leftOut))
  if (touching.length === 0) throw noData(archive)
  if (left.size === 0) throw nothingLeft(leftOut, 'archive')
  const chosen = sessions.filter((session) => left.has(session.found))
  return {
    sessions: chosen,
    since,
    until,
    missing: [...describeLeftOut(leftOut), ...(await describeMissing(chosen, all, place.duckdb))],
  }
}

/** Times that do not depend on the sessions, which are not known yet. */
function certainTimes(raw: ReturnType<typeof resolveAgo>): { since: bigint | null; until: bigint | null } {
  const isCertain = (text: string | undefined) => text !== undefined && /^\d{4}-/.test(text)
  const certain = {
    ...(isCertain(raw.since) ? { since: raw.since as string } : {}),
    ...(isCertain(raw.until) ? { until: raw.until as string } : {}),
  }
  return parseTimes(certain, () => ({ firstUnixNs: 0n, lastUnixNs: 0n }))
}

/** A UUID alone is no key: another host may have a file with it. */
function groupBySession(fetched: readonly FetchedPart[]): FoundArchived[] {
  const groups = groupBy(fetched, ({ facts }) => `${facts.session_uuid} ${facts.host}`)
  const sessions = [...groups.values()].map((some): FoundArchived => {
    const parts = some.toSorted(
      (a, b) =>
        a.facts.written_ns - b.facts.written_ns ||
        Number(hasEnd(a.facts)) - Number(hasEnd(b.facts)) ||
        a.part.first - b.part.first,
    )
    // An export while recording knows less than a later one.
    const { facts } = parts.at(-1) as FetchedPart
    return { found: describeSession(facts), facts, parts }
  })
  const startOf = ({ facts }: FoundArchived) => BigInt(facts.row['started_unix_ns'] ?? 0)
  const order = (a: bigint | string | number, b: typeof a) => (a < b ? -1 : a > b ? 1 : 0)
  return sessions.toSorted(
    (a, b) =>
      order(a.found.host, b.found.host) ||
      order(startOf(a), startOf(b)) ||
      a.found.sessionId - b.found.sessionId ||
      order(a.found.uuid, b.found.uuid),
  )
}

function hasEnd({ row }: ArchivedSession): boolean {
  return typeof row['duration_ns'] === 'number'
}

function describeSession(facts: ArchivedSession): FoundSession {
  const { row } = facts
  return {
    host: facts.host,
    uuid: facts.session_uuid,
    sessionId: facts.session_id,
    durationNs: typeof row['duration_ns'] === 'number' ? row['duration_ns'] : null,
    clock: facts.clock_offsets.map(([sinceNs, offset]) => ({ sinceNs, unixOffsetNs: BigInt(offset) })),
    pushed: { attempt: 0, batch: 0, window: 0, lookup: 0 },
    isWhole: hasEnd(facts),
    hasDns: (row['dns_source'] ?? null) !== null,
    batches: {
      firstAttemptId: facts.first_attempt_id,
      attempts: facts.attempts,
      minStartedNs: facts.min_started_ns,
      maxStartedNs: facts.max_started_ns,
      writtenNs: facts.written_ns,
      lost: facts.lost,
    },
  }
}

/** @throws E_FLEET_NO_HOST for a host that the data set does not have */
function requireHosts(
  archive: Archive,
  hosts: readonly string[],
  all: readonly ArchivePart[],
  fetched: readonly FetchedPart[],
): void {
  const found = new Set(fetched.map(({ facts }) => facts.host))
  const encoded = new Set(ofHosts(all, hosts).map(({ host }) => host))
  // Those without files of this time are known by their directories.
  const unknown = hosts.filter((host) => !found.has(host) && !isAmong(encoded, host))
  const [name] = unknown
  if (name === undefined) return
  const known = [...new Set([...hostsOfParts(all), ...found])].toSorted()
  const meant = nearestName(name, known)
  const shown = known.slice(0, 5).join(', ')
  const more = known.length > 5 ? ` and ${known.length - 5} more hosts` : ''
  throw new TcpconnError('E_FLEET_NO_HOST', {
    what: `${archive.place} has nothing of ${unknown.join(', ')}`,
    reason: `it has ${shown}${more}`,
    hint: meant === null ? 'name hosts as tcpconn info calls them, or leave --host out' : `did you mean ${meant}?`,
  })
}

function isAmong(encoded: ReadonlySet<string | null>, host: string): boolean {
  return ofHosts(
    [...encoded].map((one) => ({ host: one }) as ArchivePart),
    [host],
  ).some((one) => one.host !== null)
}

function noData({ place }: Archive): TcpconnError {
  return new TcpconnError('E_FLEET_NO_DATA', {
    what: `${place} has no data for this`,
    reason: 'no session of the selected hosts has something of this time',
    hint: 'select another time with --since and --until, or other hosts with --host',
  })
}
