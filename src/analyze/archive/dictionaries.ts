import type { Database } from 'better-sqlite3'
import { parseAddress } from '../../attempt/address.js'
import type { DuckCell } from './duckdb.js'

type Key = readonly DuckCell[]

/** Ids of distinct rows of a table, which are written when they are seen first. */
type IdOf = (sessionId: number, key: Key) => number

/** The dictionaries of a trace. */
export interface RestoredDictionaries {
  /** Writes a row of `process`: its columns `PROCESS_FIELDS`, and those of its cgroup and container */
  readonly writeProcess: (id: number, sessionId: number, columns: Key, cgroup: Key, container: Key) => void
  readonly endpoint: (address: DuckCell, port: DuckCell, family?: DuckCell) => number
  readonly localAddress: (address: DuckCell) => number
  readonly dnsName: (name: DuckCell) => number
  /** A container that had the address of an attempt */
  readonly owner: (sessionId: number, container: DuckCell, pod: DuckCell) => number
}

export const PROCESS_FIELDS = [
  'pid',
  'process_start_ns',
  'comm',
  'exe',
  'uid',
  'user',
  'netns',
  'mntns',
  'netns_cookie',
] as const
export const CGROUP_FIELDS = ['cgroup', 'container'] as const
export const CONTAINER_FIELDS = [
  'container_id',
  'container_name',
  'container_image',
  'pod_name',
  'pod_namespace',
  'pod_uid',
] as const

const NO_ADDRESS = Buffer.alloc(16)

export function createRestoredDictionaries(db: Database): RestoredDictionaries {
  const writer = (table: string, id: string, columns: readonly string[]) => {
    const all = [id, ...columns]
    return db.prepare(`INSERT INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`)
  }
  const insertContainer = writer('container', 'container_key', ['session_id', ...CONTAINER_FIELDS])
  const insertCgroup = writer('cgroup', 'cgroup_id', [
    'session_id',
    'kernel_cgroup_id',
    'path',
    'container',
    'container_key',
  ])
  const insertProcess = writer('process', 'process_id', ['session_id', ...PROCESS_FIELDS, 'cgroup_id'])
  const insertEndpoint = writer('endpoint', 'endpoint_id', ['family', 'address', 'remote_address', 'remote_port'])
  const insertLocal = writer('local_address', 'local_address_id', ['address', 'local_address'])
  const insertName = writer('dns_name', 'dns_name_id', ['dns_name'])

  const container = createIds((id, sessionId, key) => insertContainer.run(id, sessionId, ...key))
  const cgroup = createIds((id, sessionId, key) => insertCgroup.run(id, sessionId, id, ...key))
  const endpoint = createIds((id, _, [address, port, family]) =>
    insertEndpoint.run(id, family, bytesOf(address), address, port),
  )
  const localAddress = createIds((id, _, [address]) => insertLocal.run(id, bytesOf(address), address))
  const dnsName = createIds((id, _, [name]) => insertName.run(id, name))
  const isKnown = (key: Key) => key.some((cell) => cell !== null)
  return {
    writeProcess(id, sessionId, columns, ofCgroup, ofContainer) {
      const containerKey = isKnown(ofContainer) ? container(sessionId, ofContainer) : null
      const isOfCgroup = isKnown(ofCgroup) || containerKey !== null
      insertProcess.run(id, sessionId, ...columns, isOfCgroup ? cgroup(sessionId, [...ofCgroup, containerKey]) : null)
    },
    endpoint: (address, port, family = familyOf(address)) => endpoint(0, [address, port, family]),
    localAddress: (address) => localAddress(0, [address]),
    dnsName: (name) => dnsName(0, [name]),
    owner(sessionId, name, pod) {
      if (typeof pod !== 'string') return container(sessionId, ['', name, null, null, null, null])
      const slash = pod.indexOf('/')
      return container(sessionId, ['', null, null, pod.slice(slash + 1), pod.slice(0, Math.max(slash, 0)), null])
    },
  }
}

function createIds(write: (id: number, sessionId: number, key: Key) => unknown): IdOf {
  const ids = new Map<string, number>()
  return (sessionId, key) => {
    const text = `${sessionId} ${key.map(textOf).join('')}`
    let id = ids.get(text)
    if (id === undefined) {
      id = ids.size + 1
      write(id, sessionId, key)
      ids.set(text, id)
    }
    return id
  }
}

/** Texts of different cells differ, and so do sequences of them: names are untrusted. */
function textOf(cell: DuckCell): string {
  if (cell === null) return '-'
  return typeof cell === 'string' ? `${cell.length}:${cell}` : `${String(cell)};`
}

function familyOf(address: DuckCell): number {
  return typeof address === 'string' && address.includes(':') ? 6 : 4
}

/** Names of shared traces may stand in place of an address. */
function bytesOf(address: DuckCell | undefined): Uint8Array {
  return (typeof address === 'string' ? parseAddress(address) : null) ?? NO_ADDRESS
}
