import Database from 'better-sqlite3'
import type { RowObject } from '../query-rows.js'

/** Columns of results and of `connects` that hold names, and the table and column that has them. */
const SOURCES: Readonly<Record<string, readonly [table: string, column: string]>> = {
  host: ['session', 'host'],
  hosts: ['session', 'host'],
  remote_address: ['endpoint', 'remote_address'],
  local_address: ['local_address', 'local_address'],
  comm: ['process', 'comm'],
  exe: ['process', 'exe'],
  pid: ['process', 'pid'],
  process_start_ns: ['process', 'process_start_ns'],
  uid: ['process', 'uid'],
  netns: ['process', 'netns'],
  mntns: ['process', 'mntns'],
  netns_cookie: ['process', 'netns_cookie'],
  cgroup: ['cgroup', 'path'],
  container_id: ['container', 'container_id'],
  container_image: ['container', 'container_image'],
  image: ['container', 'container_image'],
  pod: ['container', 'pod_name'],
  pod_name: ['container', 'pod_name'],
  pod_namespace: ['container', 'pod_namespace'],
  namespace: ['container', 'pod_namespace'],
  pod_uid: ['container', 'pod_uid'],
  nat_address: ['endpoint', 'remote_address'],
  service_address: ['endpoint', 'remote_address'],
  remote_container: ['container', 'container_name'],
  container: ['cgroup', 'container'],
  dns_name: ['dns_name', 'dns_name'],
  boot_id: ['session', 'boot_id'],
}
/** The summary names these by their place in it. */
const RENAMED = /^(?:busiest|slowest)_(?:endpoint_|process_)?(address|user|uid|pid|start_ns|process_start_ns|comm)$/
const LONG: Readonly<Record<string, string>> = { address: 'remote_address', start_ns: 'process_start_ns' }

/** Replaces the names of an original trace by those of a shared one. */
export interface NameMaps {
  /** @param column of a result or of `connects` */
  shared(column: string, value: unknown): unknown
  /** A whole row */
  row(row: RowObject): RowObject
}

/** Ids stay when one trace is shared: names are compared by their ids, not made again. */
export function readNameMaps(original: string, shared: string): NameMaps {
  const maps = new Map(Object.entries(SOURCES).map(([name, source]) => [name, readMap(original, shared, source)]))
  // A user without a name is shown as its number.
  const users = new Map([...maps.get('uid')!, ...readMap(original, shared, ['process', 'user'])])
  maps.set('user', users)
  // A container of a pod is shown as NAMESPACE/POD/CONTAINER.
  const columns = ['container_id', 'container_name', 'pod_name', 'pod_namespace', 'pod_container_name']
  const parts = new Map(columns.flatMap((column) => [...readMap(original, shared, ['container', column])]))
  const containerOf = (text: string) =>
    maps.get('container')!.get(text) ??
    text
      .split('/')
      .map((part) => parts.get(part))
      .join('/')
  const shiftNs = readShift(original, shared)
  const replace = (column: string, value: unknown): unknown => {
    if (value === null) return null
    if (/^(?:started_ns|ended_ns|first_seen_ns|last_seen_ns)$/.test(column)) return BigInt(value as bigint) + shiftNs
    if (column === 'container' || ['container_name', 'remote_container', 'remote_pod'].includes(column))
      return containerOf(String(value))
    const part = RENAMED.exec(column)?.[1]
    const map = maps.get(part === undefined ? column : (LONG[part] ?? part))
    if (map === undefined) return value
    if (!map.has(String(value))) throw new Error(`${column} has ${String(value)}, which is not in the original`)
    return map.get(String(value))
  }
  const shownAs = (column: string, value: unknown) => (value === null ? null : String(replace(column, value)))
  return {
    shared: shownAs,
    row: (row) =>
      Object.fromEntries(Object.entries(row).map(([column, value]) => [column, shownAs(column, value)])) as RowObject,
  }
}

/** The shift of the wall clock. */
export function readShift(original: string, shared: string): bigint {
  const read = (file: string) => {
    const db = new Database(file, { readonly: true })
    try {
      return db
        .prepare('SELECT started_unix_ns FROM session ORDER BY session_id')
        .pluck()
        .safeIntegers()
        .get() as bigint
    } finally {
      db.close()
    }
  }
  return read(shared) - read(original)
}

function readMap(original: string, shared: string, [table, column]: readonly [string, string]): Map<string, string> {
  const db = new Database(original, { readonly: true })
  try {
    db.prepare('ATTACH ? AS shared').run(shared)
    const key = table === 'container' ? 'container_key' : `${table}_id`
    const select = `SELECT o.${column}, s.${column} FROM main.${table} AS o JOIN shared.${table} AS s USING (${key})`
    const rows = db.prepare(select).raw().safeIntegers().all() as [unknown, unknown][]
    return new Map(rows.filter(([from]) => from !== null).map(([from, to]) => [String(from), String(to)]))
  } finally {
    db.close()
  }
}
