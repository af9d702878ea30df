import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readStartTicks } from '../../store/process-start.js'

/** What a session's row says of its recorder. */
interface RecorderRow {
  /** `null` until the session has ended */
  readonly duration_ns: number | null
  readonly boot_id: string
  readonly recorder_pid: number
  readonly recorder_start_ticks: number
}

/** Who records a session: a process that is seen here, one of another PID namespace, or nobody any more. */
export type Recorder = 'here' | 'elsewhere' | null

const IS_LOCKED = 75
/** By another process: closing a descriptor of the file in this one would give up the locks that SQLite holds on it. */
const TRY_LOCK = `exec 3<"$0" && exec flock --nonblock --shared --conflict-exit-code ${IS_LOCKED} 3`

/**
 * Finds the recorder by its process, or, since pids of another namespace say nothing here, by the lock that it holds on the
 * trace.
 * @param path the trace; without flock(1) recorders of other namespaces are not found
 * @param isNewest whether this is the trace's newest session: the lock belongs to that alone
 */
export function findRecorder(session: RecorderRow, path: string, isNewest: boolean): Recorder {
  if (session.duration_ns !== null || session.boot_id !== currentBootId()) return null
  if (readStartTicks(session.recorder_pid) === session.recorder_start_ticks) return 'here'
  return isNewest && spawnSync('sh', ['-c', TRY_LOCK, path], { stdio: 'ignore' }).status === IS_LOCKED
    ? 'elsewhere'
    : null
}

function currentBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
