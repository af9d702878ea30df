import type { Database } from 'better-sqlite3'
import { EXE, hasHostRoot, readCookie } from '../event/process-table.js'
import { processFacts } from '../event/wire.gen.js'
import { readText } from '../event/event-memory.js'
import type { DictionaryStore } from './dictionaries.js'
import { formatAddress, isIpv4Mapped, isUnspecified } from '../../attempt/address.js'
import { containerName } from '../../attempt/container-name.js'

const ADDRESS_BYTES = 16

/** Names of kernel ids, looked up while recording; `null` without a name, or without one yet. */
export interface RowNames {
  userName(uid: number): string | null
  cgroupPath(cgroupId: bigint): string | null
  /** Row of the container of a cgroup */
  containerRow(cgroup: string | null): number | null
  /** Inode number of the host's network namespace; `null` or absent: not known */
  readonly hostNetns?: number | null
}

/** Rows of the trace's dictionaries. Call inside the transaction that writes the attempts. */
export function createDictionaryStore(
  db: Database,
  sessionId: number,
  names: RowNames,
): DictionaryStore & { cgroup(kernelId: bigint): number } {
  const findCgroup = db.prepare('SELECT cgroup_id FROM cgroup WHERE session_id = ? AND kernel_cgroup_id = ?').pluck()
  const insertCgroup = db.prepare(
    'INSERT INTO cgroup (session_id, kernel_cgroup_id, path, container, container_key) VALUES (?, ?, ?, ?, ?)',
  )
  const findEndpoint = db.prepare('SELECT endpoint_id FROM endpoint WHERE address = ? AND remote_port = ?').pluck()
  const insertEndpoint = db.prepare(
    'INSERT INTO endpoint (family, address, remote_address, remote_port) VALUES (?, ?, ?, ?)',
  )
  const findLocal = db.prepare('SELECT local_address_id FROM local_address WHERE address = ?').pluck()
  const insertLocal = db.prepare('INSERT INTO local_address (address, local_address) VALUES (?, ?)')
  const cgroupRow = (kernelId: bigint): number => {
    const found = findCgroup.get(sessionId, kernelId)
    if (found !== undefined) return Number(found)
    const path = names.cgroupPath(kernelId)
    const values = [path, containerName(path), names.containerRow(path)]
    return Number(insertCgroup.run(sessionId, kernelId, ...values).lastInsertRowid)
  }
  return {
    cgroup: cgroupRow,
    process: createProcessWriter(db, sessionId, { names, cgroupRow }),
    endpoint(bytes, at) {
      const address = bytes.slice(at, at + ADDRESS_BYTES)
      const port = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + ADDRESS_BYTES, true)
      const family = isIpv4Mapped(address) ? 4 : 6
      const found = findEndpoint.get(address, port)
      return Number(found ?? insertEndpoint.run(family, address, formatAddress(address), port).lastInsertRowid)
    },
    localAddress(bytes, at) {
      const address = bytes.slice(at, at + ADDRESS_BYTES)
      const text = isUnspecified(address) ? null : formatAddress(address)
      return Number(findLocal.get(address) ?? insertLocal.run(address, text).lastInsertRowid)
    },
  }
}

interface ProcessParts {
  readonly names: RowNames
  /** Finds or inserts the row of a cgroup. */
  readonly cgroupRow: (kernelId: bigint) => number
}

function createProcessWriter(
  db: Database,
  sessionId: number,
  { names, cgroupRow }: ProcessParts,
): DictionaryStore['process'] {
  const insertProcess = db.prepare(`INSERT INTO process
    (session_id, pid, process_start_ns, comm, exe, uid, user, cgroup_id, netns, mntns, netns_cookie, has_host_root,
      has_host_netns)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertUnknown = db.prepare('INSERT INTO process (session_id, netns, has_host_netns) VALUES (?, ?, ?)')
  const { hostNetns = null } = names
  const hasHostNetns = (netns: number) => (hostNetns === null || netns === 0 ? null : Number(netns === hostNetns))
  return (bytes, at) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const word = (name: 'pid' | 'uid' | 'netns' | 'mntns') => view.getUint32(at + processFacts[name], true)
    const [pid, uid, netns] = [word('pid'), word('uid'), word('netns')]
    if (pid === 0) {
      const { lastInsertRowid } = insertUnknown.run(sessionId, netns || null, hasHostNetns(netns))
      return { processId: Number(lastInsertRowid), netns }
    }
    const isOfHost = hasHostRoot(view, at)
    const { lastInsertRowid } = insertProcess.run(
      sessionId,
      pid,
      view.getBigUint64(at + processFacts.process_start_ns, true),
      readText(bytes, at + processFacts.comm, 16),
      view.getBigUint64(at + processFacts.exe_inode, true) === 0n ? null : readText(bytes, at + EXE, 128),
      uid,
      isOfHost ? names.userName(uid) : null,
      cgroupRow(view.getBigUint64(at + processFacts.cgroup_id, true)),
      netns,
      word('mntns') || null,
      readCookie(view, at + processFacts.netns_cookie),
      isOfHost ? 1 : 0,
      hasHostNetns(netns),
    )
    return { processId: Number(lastInsertRowid), netns }
  }
}
