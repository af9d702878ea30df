import { CONTAINER_COLUMNS } from './container-columns.js'
import { REMOTE_COLUMNS } from './remote-columns.js'

/**
 * The columns of the view `connects`, in its order. Everything that has these columns derives them from here: exports, JSON rows of live
 * and replay, the rows of `slowest`, and what is read of a process. docs/format.md has their meaning.
 */

/**
 * `duration`: ns, 64 bits in files, a number below 2^53 here. `int64`: a bigint. `timestamp`: text in SQLite and JSON, ns since 1970 in UTC
 * in Arrow and Parquet.
 */
export type ConnectType = 'utf8' | 'uint8' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'duration' | 'timestamp'

export interface ConnectColumn {
  readonly name: string
  readonly type: ConnectType
  /** Heading of a table */
  readonly heading: string
  /** Meaning and unit, for the metadata of exported files */
  readonly comment: string
  readonly isNullable: boolean
  /** Version of the format that added it; columns are added at the end of the view */
  readonly since?: number
  /** SQL over `process LEFT JOIN cgroup`, for what is the same for all attempts of a process */
  readonly ofProcess?: string
}

export const CONNECT_COLUMNS = [
  {
    name: 'session_id',
    type: 'int32',
    heading: 'SESSION',
    isNullable: false,
    comment: 'recording that the attempt belongs to',
  },
  { name: 'started_ns', type: 'int64', heading: 'TIME', isNullable: false, comment: 'when it began: Unix time in ns' },
  { name: 'time', type: 'timestamp', heading: 'TIME', isNullable: false, comment: 'when it began, in UTC' },
  {
    name: 'latency_ns',
    type: 'duration',
    heading: 'LATENCY',
    isNullable: true,
    comment: 'ns until the outcome was known; NULL for pending, and when its change was not seen',
  },
  { name: 'outcome', type: 'utf8', heading: 'OUTCOME', isNullable: true, comment: 'how it ended' },
  { name: 'errno', type: 'int32', heading: 'ERRNO', isNullable: true, comment: 'error of the socket; NULL for none' },
  {
    name: 'syn_retransmits',
    type: 'uint8',
    heading: 'SYN RETR',
    isNullable: true,
    comment: 'SYNs sent again; NULL for pending',
  },
  {
    name: 'pid',
    type: 'int32',
    heading: 'PID',
    isNullable: true,
    ofProcess: 'pid',
    comment: 'process, in the initial PID namespace; NULL like all of the process when it is not known',
  },
  { name: 'tid', type: 'int32', heading: 'TID', isNullable: true, comment: 'thread, in the initial PID namespace' },
  {
    name: 'process_start_ns',
    type: 'int64',
    heading: 'START',
    isNullable: true,
    ofProcess: 'process_start_ns',
    comment: 'start of the process, ns since boot',
  },
  {
    name: 'comm',
    type: 'utf8',
    heading: 'COMM',
    isNullable: true,
    ofProcess: 'comm',
    comment: 'name of the connecting thread',
  },
  {
    name: 'exe',
    type: 'utf8',
    heading: 'EXE',
    isNullable: true,
    ofProcess: 'exe',
    comment: 'last component of the path of the executable; NULL for a kernel thread',
  },
  { name: 'uid', type: 'uint32', heading: 'UID', isNullable: true, ofProcess: 'uid', comment: 'user id' },
  {
    name: 'user',
    type: 'utf8',
    heading: 'USER',
    isNullable: true,
    ofProcess: 'user',
    comment: 'name of the user at recording time',
  },
  {
    name: 'cgroup',
    type: 'utf8',
    heading: 'CGROUP',
    isNullable: true,
    ofProcess: 'cgroup.path',
    comment: 'path in cgroup v2',
  },
  {
    name: 'netns',
    type: 'uint32',
    heading: 'NETNS',
    isNullable: true,
    ofProcess: 'netns',
    comment: 'network namespace, inode number',
  },
  {
    name: 'mntns',
    type: 'uint32',
    heading: 'MNTNS',
    isNullable: true,
    ofProcess: 'mntns',
    comment: 'mount namespace, inode number',
  },
  { name: 'family', type: 'uint8', heading: 'FAMILY', isNullable: false, comment: '4 or 6: the protocol on the wire' },
  { name: 'local_address', type: 'utf8', heading: 'LOCAL', isNullable: true, comment: 'address connected from' },
  { name: 'local_port', type: 'uint16', heading: 'PORT', isNullable: true, comment: 'port connected from' },
  { name: 'remote_address', type: 'utf8', heading: 'ADDRESS', isNullable: false, comment: 'address connected to' },
  { name: 'remote_port', type: 'uint16', heading: 'PORT', isNullable: false, comment: 'port connected to' },
  { name: 'dns_name', type: 'utf8', heading: 'DNS NAME', isNullable: true, comment: 'name that was looked up before' },
  {
    name: 'dns_age_ns',
    type: 'duration',
    heading: 'DNS AGE',
    isNullable: true,
    comment: 'ns between that lookup and the attempt',
  },
  {
    name: 'dns_lookup_ns',
    type: 'duration',
    heading: 'DNS LOOKUP',
    isNullable: true,
    since: 3,
    comment: 'ns that the lookup took; NULL when its query was not seen',
  },
  {
    name: 'dns_candidates',
    type: 'uint32',
    heading: 'DNS NAMES',
    isNullable: true,
    since: 3,
    comment: 'names that fitted the address; dns_name is the newest of them',
  },
  {
    name: 'container',
    type: 'utf8',
    heading: 'CONTAINER',
    isNullable: true,
    since: 3,
    ofProcess: 'cgroup.container',
    comment: 'short id of a container, or systemd unit, of the cgroup',
  },
  {
    name: 'netns_cookie',
    type: 'int64',
    heading: 'NETNS COOKIE',
    isNullable: true,
    since: 6,
    ofProcess: 'netns_cookie',
    comment: 'network namespace, a number that is never given twice until the next boot',
  },
  ...CONTAINER_COLUMNS,
  ...REMOTE_COLUMNS,
] as const satisfies readonly ConnectColumn[]
