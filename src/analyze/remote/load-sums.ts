import { TcpconnError } from '../../base/errors.js'
import { replaceIds } from '../../sums/replace-ids.js'
import { readRows } from './read-rows.js'
import type { RemoteSessionState, RemoteState } from './remote-state.js'
import { createRowWriter } from './row-writer.js'
import { idInTrace } from './session-ids.js'

/** Sums of windows from `first` to `last`, ids of the trace. */
export interface WantedSums {
  readonly dimension: string
  readonly first: number
  readonly last: number
}

/** Windows and roll-ups per query */
const SUMS_PER_QUERY = 2_000
const HINT = 'push its trace again, or leave the host out with --host'

/**
 * Loads stored sums, with ids of the trace.
 * @throws E_FLEET_INCOMPLETE if the server lacks some
 */
export async function loadSums(state: RemoteState, wanted: readonly WantedSums[]): Promise<void> {
  const windows = wanted.filter(({ first, last }) => first === last)
  const rollups = wanted.filter(({ first, last }) => first < last)
  await load(state, windows, 'window_sums', ['window_id'])
  await load(state, rollups, 'window_rollup', ['first_window_id', 'last_window_id'])
}

async function load(
  state: RemoteState,
  wanted: readonly WantedSums[],
  table: 'window_sums' | 'window_rollup',
  keys: readonly string[],
): Promise<void> {
  const write = createRowWriter(state.db, table, [...keys, 'dimension', 'sums'])
  const sessionOf = createSessionOfWindow(state)
  const replace = createReplacement()
  for (const dimension of new Set(wanted.map((one) => one.dimension))) {
    const all = wanted.filter((one) => one.dimension === dimension)
    for (let at = 0; at < all.length; at += SUMS_PER_QUERY) {
      const some = all.slice(at, at + SUMS_PER_QUERY)
      const hosts = new Set<string>()
      const tuples = some.map(({ first, last }) => {
        const { ids } = sessionOf(first)
        hosts.add(ids.host)
        const own = [first - ids.offsets.latency_window, last - ids.offsets.latency_window].slice(0, keys.length)
        return `('${ids.uuid}', ${own.join(', ')})`
      })
      // A set, since the server needs minutes to plan thousands of conditions. It holds no names.
      const sql = `SELECT session_uuid, host, ${keys.join(', ')}, dimension, base64Encode(sums) FROM trace_${table} FINAL
        WHERE host IN {hosts:Array(String)} AND dimension = {dimension:String}
        AND (session_uuid, ${keys.join(', ')}) IN (${tuples.join(', ')})`
      let count = 0
      for await (const [uuid, host, ...row] of readRows(state.server, sql, { hosts: [...hosts], dimension })) {
        const session = state.byUuid.get(String(uuid))
        // Another host may have pushed rows with this UUID.
        if (session === undefined || session.ids.host !== host) continue
        const sums = Buffer.from(String(row.at(-1)), 'base64')
        write(session.ids, [...row.slice(0, -1), Buffer.from(replace(session, dimension, sums))])
        count++
      }
      if (count < some.length) throw missingSums(some.length - count, table)
    }
  }
}

/** The session of a window of the trace. Windows of sessions follow each other. */
function createSessionOfWindow({ sessions }: RemoteState): (windowId: number) => RemoteSessionState {
  const withWindows = sessions.filter(({ windows }) => windows.length > 0)
  const lasts = withWindows.map(({ windows }) => windows.reduce((last, { window_id: id }) => Math.max(last, id), 0))
  return (windowId) => {
    let [low, high] = [0, lasts.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((lasts[middle] as number) < windowId) low = middle + 1
      else high = middle
    }
    const session = withWindows[low]
    if (session === undefined) throw new Error(`window ${windowId} belongs to no session`)
    return session
  }
}

/** Ids in sums are those of the session's own trace. */
function createReplacement(): (session: RemoteSessionState, dimension: string, blob: Buffer) => Uint8Array {
  const same = new Map<RemoteSessionState, boolean>()
  return (session, dimension, blob) => {
    if (dimension === 'second') return blob
    const { ids } = session
    const isSame = same.get(session) ?? [...ids.merged.endpoint].every(([id, number]) => id === number)
    same.set(session, isSame)
    const bytes = new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength)
    const endpointOf = (id: number) => idInTrace(ids, 'endpoint', id)
    if (dimension === 'endpoint') return isSame ? blob : replaceIds(bytes, endpointOf, null)
    if (isSame && ids.offsets.process === 0) return blob
    return replaceIds(bytes, (id) => id + ids.offsets.process, isSame ? null : endpointOf)
  }
}

function missingSums(count: number, table: string): TcpconnError {
  return new TcpconnError('E_FLEET_INCOMPLETE', {
    what: `the server lacks ${count} rows of trace_${table}`,
    reason: 'their windows are there, their sums are not',
    hint: HINT,
  })
}
