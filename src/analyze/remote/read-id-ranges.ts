import { numberOf, readRows } from './read-rows.js'
import { sessionQueries, type RemoteState } from './remote-state.js'

const KEYS = { process: 'process_id', cgroup: 'cgroup_id', container: 'container_key', endpoint: 'endpoint_id' }

type IdRanges = Map<string, { readonly first: number; readonly last: number }>

/** Lowest and highest ids by session. Read after the windows, so that it covers all that they refer to. */
export async function readIdRanges({ server, sessions }: RemoteState): Promise<Record<keyof typeof KEYS, IdRanges>> {
  const ranges = { process: new Map(), cgroup: new Map(), container: new Map(), endpoint: new Map() } satisfies Record<
    keyof typeof KEYS,
    IdRanges
  >
  for (const { where, values } of sessionQueries(sessions)) {
    const selects = Object.entries(KEYS).map(
      ([table, key]) =>
        `SELECT '${table}', session_uuid, min(${key}), max(${key}) FROM trace_${table} WHERE ${where} GROUP BY session_uuid`,
    )
    for await (const [table, uuid, first, last] of readRows(server, selects.join(' UNION ALL '), values)) {
      const own: IdRanges = ranges[table as keyof typeof ranges]
      own.set(String(uuid), { first: numberOf(first), last: numberOf(last) })
    }
  }
  return ranges
}

/** Ids of a range; 0 without one */
export function lengthOf(range: { readonly first: number; readonly last: number } | undefined): number {
  return range === undefined ? 0 : range.last - range.first + 1
}
