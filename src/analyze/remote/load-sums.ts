import { messageOf } from '../../base/errors.js'
import { replaceIds } from '../../sums/replace-ids.js'
import { forEachSums } from '../../sums/sums-blob.js'
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

/** Loads stored sums, with ids of the trace. Sums that the server lacks are a fault of their session. */
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
  for (const dimension of new Set(wanted.map((one) => one.dimension))) {
    const all = wanted.filter((one) => one.dimension === dimension)
    for (let at = 0; at < all.length; at += SUMS_PER_QUERY) {
      const some = all.slice(at, at + SUMS_PER_QUERY)
      const hosts = new Set<string>()
      const lacking = new Map<RemoteSessionState, number>()
      const tuples = some.map(({ first, last }) => {
        const session = sessionOf(first)
        const { ids } = session
        hosts.add(ids.host)
        lacking.set(session, (lacking.get(session) ?? 0) + 1)
        const own = [first - ids.offsets.latency_window, last - ids.offsets.latency_window].slice(0, keys.length)
        return `('${ids.uuid}', ${own.join(', ')})`
      })
      // A set, since the server needs minutes to plan thousands of conditions. It holds no names.
      const sql = `SELECT session_uuid, host, ${keys.join(', ')}, dimension, base64Encode(sums) FROM trace_${table} FINAL
        WHERE host IN {hosts:Array(String)} AND dimension = {dimension:String}
        AND (session_uuid, ${keys.join(', ')}) IN (${tuples.join(', ')})`
      for await (const [uuid, host, ...row] of readRows(state.server, sql, { hosts: [...hosts], dimension })) {
        const session = state.byUuid.get(String(uuid))
        // Another host may have pushed rows with this UUID.
        if (session === undefined || session.ids.host !== host) continue
        const sums = Buffer.from(String(row.at(-1)), 'base64')
        const replaced = replaceOwnIds(session, dimension, sums)
        if (replaced !== null) write(session.ids, [...row.slice(0, -1), Buffer.from(replaced)])
        lacking.set(session, (lacking.get(session) ?? 0) - 1)
      }
      for (const [{ ids }, count] of lacking) {
        if (count > 0) ids.fault ??= `the server lacks ${count} rows of its trace_${table}`
      }
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

/** Sums with the ids of the trace; `null`: they cannot be read, which is a fault of their session. */
function replaceOwnIds({ ids }: RemoteSessionState, dimension: string, blob: Buffer): Uint8Array | null {
  const bytes = new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength)
  const endpointOf = (id: number) => idInTrace(ids, 'endpoint', id)
  try {
    if (dimension === 'endpoint') return replaceIds(bytes, endpointOf, null)
    if (dimension === 'process') return replaceIds(bytes, (id) => idInTrace(ids, 'process', id), endpointOf)
    // Seconds are no ids.
    forEachSums(bytes, () => {})
    return bytes
  } catch (error) {
    ids.fault ??= `sums of the dimension ${dimension} are damaged: ${messageOf(error)}`
    return null
  }
}
