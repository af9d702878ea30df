import { closeSync, readFileSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'
import { hintAtCapabilities } from '../host/privileges.js'
import { errno, fsconfig, fsmount, fsopen, strerror } from '../native/libc.js'
import { openPerfEvent } from '../native/perf-event.js'

const UNSEEN = 'cannot record local errors'
const MOUNTS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']

/**
 * Opens a perf event of a tracepoint, to which BPF programs are attached.
 * @returns a file descriptor
 * @throws E_NO_TRACEFS, E_PROBE
 */
export function openTracepoint(category: string, name: string): number {
  const fd = openPerfEvent(readTracepointId(`${category}/${name}`))
  if (fd >= 0) return fd
  throw new TcpconnError('E_PROBE', {
    what: UNSEEN,
    reason: `perf_event_open of ${category}:${name}: ${strerror(errno())}`,
    hint: `${hintAtCapabilities(['CAP_SYS_ADMIN'])} (kernel.perf_event_paranoid=3, as on Debian, requires CAP_SYS_ADMIN); or leave out --local-errors`,
  })
}

/** tracefs maps tracepoints to numbers. If it is not mounted, it is opened temporarily through a detached mount. */
function readTracepointId(event: string): number {
  for (const mount of MOUNTS) {
    const id = readId(`${mount}/events/${event}/id`)
    if (id !== null) return id
  }
  const mount = mountTracefs()
  try {
    const id = mount < 0 ? null : readId(`/proc/self/fd/${mount}/events/${event}/id`)
    if (id !== null) return id
  } finally {
    if (mount >= 0) closeSync(mount)
  }
  throw new TcpconnError('E_NO_TRACEFS', {
    what: UNSEEN,
    reason: `tracefs has no ${event} here, or cannot be mounted (CAP_SYS_ADMIN)`,
    hint: `${hintAtCapabilities(['CAP_SYS_ADMIN'])}, on a kernel with CONFIG_FTRACE_SYSCALLS; or leave out --local-errors`,
  })
}

function readId(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** @returns a descriptor of its root, negative on failure */
function mountTracefs(): number {
  const metadata = fsopen('tracefs')
  if (metadata < 0) return -1
  const mount = fsconfig(metadata) < 0 ? -1 : fsmount(metadata)
  closeSync(metadata)
  return mount
}
