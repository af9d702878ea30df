import type { Database } from 'better-sqlite3'
import { EXE } from '../decode/process-table.js'
import { processFacts } from '../probe/wire.gen.js'
import { readText } from '../decode/read-text.js'
import type { DictionaryStore } from '../intern/dictionaries.js'
import { formatAddress, isIpv4Mapped, isUnspecified } from '../../store/address.js'
import { containerName } from '../../view/container-name.js'

const ADDRESS_BYTES = 16

/** Names of what the kernel knows by number, looked up at recording time; `null` for what has none, or none yet. */
export interface RowNames {
  userName(uid: number): string | null
  cgroupPath(cgroupId: bigint): string | null
}

/** Rows of the trace's dictionaries. To be called inside the transaction that writes the attempts. */
export function createDictionaryStore(
  db: Database,
  sessionId: number,
  names: RowNames,
): DictionaryStore & { cgroup(kernelId: bigint): number } {
  const insertProcess = db.prepare(`INSERT INTO process
    (session_id, pid, process_start_ns, comm, exe, uid, user, cgroup_id, netns, mntns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertUnknown = db.prepare('INSERT INTO process (session_id, netns) VALUES (?, ?)')
  const findCgroup = db.prepare('SELECT cgroup_id FROM cgroup WHERE session_id = ? AND kernel_cgroup_id = ?').pluck()
  const insertCgroup = db.prepare(
    'INSERT INTO cgroup (session_id, kernel_cgroup_id, path, container) VALUES (?, ?, ?, ?)',
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
    return Number(insertCgroup.run(sessionId, kernelId, path, containerName(path)).lastInsertRowid)
  }
  return {
    cgroup: cgroupRow,
    process(bytes, at) {
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      const word = (name: 'pid' | 'uid' | 'netns' | 'mntns') => view.getUint32(at + processFacts[name], true)
      const [pid, uid, netns] = [word('pid'), word('uid'), word('netns')]
      if (pid === 0) return { processId: Number(insertUnknown.run(sessionId, netns || null).lastInsertRowid), netns }
      const { lastInsertRowid } = insertProcess.run(
        sessionId,
        pid,
        view.getBigUint64(at + processFacts.process_start_ns, true),
        readText(bytes, at + processFacts.comm, 16),
        view.getBigUint64(at + processFacts.exe_inode, true) === 0n ? null : readText(bytes, at + EXE, 128),
        uid,
        names.userName(uid),
        cgroupRow(view.getBigUint64(at + processFacts.cgroup_id, true)),
        netns,
        word('mntns') || null,
      )
      return { processId: Number(lastInsertRowid), netns }
    },
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
