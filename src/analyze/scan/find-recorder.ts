import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readStartTicks } from '../../attempt/process-start.js'

/** The recorder as stored in the row of a session. */
interface RecorderRow {
  /** `null` until the session has ended */
  readonly duration_ns: number | null
  readonly boot_id: string
  readonly recorder_pid: number
  readonly recorder_start_ticks: number
}

/** The recorder of a session: a visible process, a process in another PID namespace, or `null` if it has ended. */
export type Recorder = 'here' | 'elsewhere' | null

const IS_LOCKED = 75
/**
 * In a child process: if this process closed a descriptor of the file, it would lose the locks of SQLite on it. /proc/locks has no locks
 * of processes that are not visible in this PID namespace.
 */
const TRY_LOCK = `exec 3<"$0" && exec flock --nonblock --shared --conflict-exit-code ${IS_LOCKED} 3`

/**
 * Finds the recorder by its pid, or in another PID namespace by its lock on the trace.
 * @param path the trace; without flock(1), recorders of other namespaces are not found
 * @param isNewest whether this is the newest session of the trace: the lock belongs to that session
 */
export function findRecorder(session: RecorderRow, path: string, isNewest: boolean): Recorder {
  if (session.duration_ns !== null || session.boot_id !== currentBootId()) return null
  const startTicks = readStartTicks(session.recorder_pid)
  if (startTicks !== null && Math.abs(startTicks - session.recorder_start_ticks) <= 1) return 'here'
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
