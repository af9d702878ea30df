import { closeSync, readFileSync } from 'node:fs'
import koffi from 'koffi'
import { TcpconnError } from '../../errors.js'
import { fsconfig, fsmount, fsopen, openPerfEvent, strerror } from './libc.js'

const UNSEEN = 'cannot see connects that fail in the system call'
const MOUNTS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']

/**
 * A perf event of a tracepoint: what BPF programs are attached to.
 * @returns a file descriptor
 * @throws E_NO_TRACEFS, E_PROBE
 */
export function openTracepoint(category: string, name: string): number {
  const fd = openPerfEvent(readTracepointId(`${category}/${name}`))
  if (fd >= 0) return fd
  throw new TcpconnError('E_PROBE', {
    what: UNSEEN,
    reason: `perf_event_open of ${category}:${name}: ${strerror(koffi.errno())}`,
    hint: 'run it as root: kernel.perf_event_paranoid=3, as on Debian, asks for CAP_SYS_ADMIN; or leave out --local-errors',
  })
}

/** tracefs knows tracepoints by number. Where it is not mounted it is opened for a moment, in a mount that nobody sees. */
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
    hint: 'run it as root on a kernel with CONFIG_FTRACE_SYSCALLS, or leave out --local-errors',
  })
}

function readId(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** @returns a descriptor of its root, below 0 where that is not possible */
function mountTracefs(): number {
  const context = fsopen('tracefs')
  if (context < 0) return -1
  const mount = fsconfig(context) < 0 ? -1 : fsmount(context)
  closeSync(context)
  return mount
}
