import type { ExportColumn } from './column.js'

function column(name: string, type: ExportColumn['type'], comment: string): ExportColumn {
  return { name, type, isNullable: false, comment }
}

function nullable(name: string, type: ExportColumn['type'], comment: string): ExportColumn {
  return { name, type, isNullable: true, comment }
}

/** The exact key of an attempt among those of all hosts and files; the view has no such columns. */
export const KEY_COLUMNS: readonly ExportColumn[] = [
  column('host', 'utf8', 'host that was recorded'),
  column('boot_id', 'utf8', 'boot of the host: /proc/sys/kernel/random/boot_id'),
  column('session_uuid', 'utf8', 'recording that the attempt belongs to, unique among all hosts and files'),
  column('attempt_id', 'int64', 'number of the attempt, unique within its session'),
]

/** The columns of the view `connects`, in its order. docs/trace-file.md has their meaning. */
export const CONNECT_COLUMNS: readonly ExportColumn[] = [
  column('session_id', 'int32', 'recording that the attempt belongs to'),
  column('started_ns', 'int64', 'when it began: Unix time in ns'),
  column('time', 'timestamp', 'when it began, in UTC'),
  nullable('latency_ns', 'int64', 'ns until the outcome was known; NULL for pending, and when its change was not seen'),
  nullable('outcome', 'utf8', 'how it ended'),
  nullable('errno', 'int32', 'error of the socket; NULL for none'),
  nullable('syn_retransmits', 'uint8', 'SYNs sent again; NULL for pending'),
  nullable('pid', 'int32', 'process, in the initial PID namespace; NULL like all of the process when it is not known'),
  nullable('tid', 'int32', 'thread, in the initial PID namespace'),
  nullable('process_start_ns', 'int64', 'start of the process, ns since boot'),
  nullable('comm', 'utf8', 'name of the connecting thread'),
  nullable('exe', 'utf8', 'last component of the path of the executable; NULL for a kernel thread'),
  nullable('uid', 'uint32', 'user id'),
  nullable('user', 'utf8', 'name of the user at recording time'),
  nullable('cgroup', 'utf8', 'path in cgroup v2'),
  nullable('netns', 'uint32', 'network namespace, inode number'),
  nullable('mntns', 'uint32', 'mount namespace, inode number'),
  column('family', 'uint8', '4 or 6: the protocol on the wire'),
  nullable('local_address', 'utf8', 'address connected from'),
  nullable('local_port', 'uint16', 'port connected from'),
  column('remote_address', 'utf8', 'address connected to'),
  column('remote_port', 'uint16', 'port connected to'),
  nullable('dns_name', 'utf8', 'name that was looked up before'),
  nullable('dns_age_ns', 'int64', 'ns between that lookup and the attempt'),
  nullable('dns_lookup_ns', 'int64', 'ns that the lookup took; NULL when its query was not seen'),
  nullable('dns_candidates', 'uint32', 'names that fitted the address; dns_name is the newest of them'),
  nullable('container', 'utf8', 'short id of a container, or systemd unit, of the cgroup'),
]
