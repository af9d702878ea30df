import { existsSync } from 'node:fs'
import { UsageError } from '../../../base/errors.js'
import { selectScope, type RawScope } from '../../options/select-scope.js'
import { queries, selectAll } from '../../scan/query-builder.js'
import type { FileChoice } from '../../query/stored-query.js'
import { remoteSession, type Scope, type SessionPart } from '../../scan/scope.js'
import type { Trace } from '../../scan/trace.js'

/** A file, and the session that was named with it. */
interface ComparedFile {
  readonly path: string
  readonly session: string | undefined
}

const ACCEPTED =
  'two files or sessions, like before.db after.db, trace.db@1 trace.db@2, or trace.db for its last two sessions'

/**
 * Determines the two sides. Two files: the newest session of each, or the session after `@`. One file: the named
 * session, or the newest session and the one before it. With `--at`: the two halves of one session. Times and filters
 * apply to both sides: `--last 10m` is the last 10 minutes of each.
 */
export const COMPARED_FILES: FileChoice = {
  paths: (typed) => parseFiles(typed).map((file) => file.path),
  select(traces, typed, raw) {
    const files = parseFiles(typed)
    const at = (raw as { at?: string }).at
    if (at !== undefined) return halves(traces, files, raw, at)
    const [first, second] = files as [ComparedFile, ComparedFile?]
    const [before, after] = traces as [Trace, Trace?]
    if (second && after) {
      return join(selectSide(before, first, raw), selectSide(after, second, raw))
    }
    if (raw.session !== undefined) throw new UsageError('--session', raw.session, `no part in this: name ${ACCEPTED}`)
    const session = first.session ?? newestSession(before)
    const previous = sessionBefore(before, session)
    if (previous === null)
      throw new UsageError('FILE', first.path, `${ACCEPTED}; there is no session before ${session ?? 'the first'}`)
    return join(
      selectSide(before, { ...first, session: previous }, raw),
      selectSide(before, { ...first, session }, raw),
    )
  },
  selectRemote(traces, typed, raw) {
    const at = (typed as { at?: string }).at
    if (at !== undefined) {
      requireNoTimes(typed, at, 'no --since, --until or --last beside it: it is both')
      return join(selectScope(traces, { ...raw, until: at }), selectScope(traces, { ...raw, since: at }))
    }
    const scope = selectScope(traces, raw)
    const side = (accepts: (part: SessionPart) => boolean) => ({ ...scope, parts: scope.parts.filter(accepts) })
    const sessions = (typed.session ?? '').toLowerCase().split(',')
    if (sessions.length === 2) {
      const [before, after] = sessions.map((uuid) => side((part) => remoteSession(part)?.uuid === uuid))
      return join(before as Scope, after as Scope)
    }
    const hosts = typed.host ?? []
    if (hosts.length !== 2) throw new UsageError('--host', hosts.join(','), ACCEPTED_REMOTE)
    const [before, after] = hosts.map((host) => side((part) => part.host === host))
    return join(before as Scope, after as Scope)
  },
}

const ACCEPTED_REMOTE =
  'two hosts to compare, like before,after; or give two sessions, --session UUID,UUID, or a time that divides them, --at'

function requireNoTimes(raw: RawScope, at: string, accepted: string): void {
  if (raw.since === undefined && raw.until === undefined && raw.last === undefined) return
  throw new UsageError('--at', at, accepted)
}

/** `FILE@2` is session 2 of FILE, unless a file has this name. */
function parseFiles(typed: readonly string[]): ComparedFile[] {
  if (typed.length > 2) throw new UsageError('FILE', typed[2] as string, ACCEPTED)
  return typed.map((text) => {
    const match = /^(.+)@(\d{1,15}|all)$/.exec(text)
    return match && !existsSync(text)
      ? { path: match[1] as string, session: match[2] }
      : { path: text, session: undefined }
  })
}

function selectSide(trace: Trace, { session }: ComparedFile, raw: RawScope): Scope {
  return selectScope([trace], session === undefined ? raw : { ...raw, session })
}

function halves([trace]: readonly Trace[], files: readonly ComparedFile[], raw: RawScope, at: string): Scope {
  const [file, second] = files as [ComparedFile, ComparedFile?]
  const accepted = 'one file, and no --since, --until or --last: it is both'
  if (second) throw new UsageError('--at', at, accepted)
  requireNoTimes(raw, at, accepted)
  const side = (times: RawScope) => selectSide(trace as Trace, file, { ...raw, ...times })
  return join(side({ until: at }), side({ since: at }))
}

function join(before: Scope, after: Scope): Scope {
  return { ...before, parts: [...before.parts, ...after.parts], beforeParts: before.parts.length }
}

function newestSession(trace: Trace): string | undefined {
  return sessionsOf(trace).at(-1)
}

function sessionBefore(trace: Trace, session: string | undefined): string | null {
  const all = sessionsOf(trace)
  return all[all.indexOf(session ?? '') - 1] ?? null
}

function sessionsOf(trace: Trace): string[] {
  const rows = selectAll(trace.db, queries.selectFrom('session').select('session_id').orderBy('session_id'))
  return rows.map((row) => String(row.session_id))
}
