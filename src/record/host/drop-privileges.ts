import { readFileSync, readdirSync } from 'node:fs'
import { TcpconnError } from '../../errors.js'
import { capset, initgroups, lastError, prctl, setresgid, setresuid } from '../probe/libc.js'
import { CAPABILITY, hasCapability, readCapabilities } from './privileges.js'
import type { User } from './user-names.js'

const PR_SET_KEEPCAPS = 8
const CAPABILITY_VERSION_3 = 0x20080522

/**
 * Gives up what only loading needed, for good: under sudo by becoming the invoking user, with all its groups. CAP_BPF
 * alone stays, in this thread alone: kernels before 6.x ask for it for every look into a map. Where there is none, as in a
 * container that has CAP_SYS_ADMIN instead, that stays. Root by itself stays root.
 * @param user the invoking user, `null` without sudo
 * @throws E_PRIVILEGES_LEFT when a call fails, or when a thread has not followed
 */
export function dropPrivileges(user: User | null): void {
  if (user) becomeUser(user)
  if (process.getuid?.() === 0) return
  const kept = hasCapability(readCapabilities('CapPrm'), CAPABILITY.bpf) ? CAPABILITY.bpf : CAPABILITY.sys_admin
  keepOnly(kept)
  if (user) requireDropped(readThreads(), user, kept)
}

/**
 * Through libc: setgroups(2) and its like change the calling thread alone, and glibc's functions repeat the call in every
 * thread that it has made (nptl(7)). Node.js's functions of the same names throw where its libuv may use io_uring
 * (CVE-2024-22017), whether it does or not. PR_SET_KEEPCAPS belongs to the calling thread: the others lose every capability.
 */
function becomeUser({ uid, gid, name }: User): void {
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
  requireSuccess(initgroups(name, gid), 'initgroups')
  requireSuccess(setresgid(gid, gid, gid), 'setresgid')
  requireSuccess(setresuid(uid, uid, uid), 'setresuid')
}

/** Permitted and effective of this thread; none is inheritable, so a command that is run gets none. */
function keepOnly(bit: number): void {
  const header = Uint32Array.of(CAPABILITY_VERSION_3, 0)
  const [low, high] = bit < 32 ? [2 ** bit, 0] : [0, 2 ** (bit - 32)]
  const data = Uint32Array.of(low, low, 0, high, high, 0)
  requireSuccess(capset(header, data), 'capset')
}

function requireSuccess(result: number, name: string): void {
  if (result !== 0) throw privilegesLeft(`${name}: ${lastError()}`)
}

/** /proc/PID/task/TID/status of every thread of this process, this one first. One that has ended meanwhile is left out. */
function readThreads(): string[] {
  const own = String(process.pid)
  const others = readdirSync('/proc/self/task').filter((tid) => tid !== own)
  return [own, ...others].flatMap((tid) => {
    try {
      return [readFileSync(`/proc/self/task/${tid}/status`, 'utf8')]
    } catch (error) {
      if (tid !== own && ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
      throw error
    }
  })
}

/**
 * Checks that every thread is the user, real, effective, saved and for files, with the same groups; that the first one has
 * the capability `kept` and the others have none. Threads that the kernel makes for io_uring are among them: libc does not
 * know of these, and their credentials stay those of whoever set the ring up.
 * @param threads texts of /proc/PID/task/TID/status, that of the main thread first
 * @throws E_PRIVILEGES_LEFT
 */
export function requireDropped(threads: readonly string[], { uid, gid }: User, kept: number): void {
  const [main = ''] = threads
  const groups = readField(main, 'Groups')
  threads.forEach((status, index) => {
    const capabilities = index === 0 ? 1n << BigInt(kept) : 0n
    const expected = {
      Uid: Array(4).fill(uid).join(' '),
      Gid: Array(4).fill(gid).join(' '),
      Groups: groups,
      ...Object.fromEntries(['CapPrm', 'CapEff'].map((set) => [set, formatSet(capabilities)])),
      ...Object.fromEntries(['CapInh', 'CapAmb'].map((set) => [set, formatSet(0n)])),
    }
    for (const [field, value] of Object.entries(expected)) {
      const found = readField(status, field)
      if (found === value) continue
      const thread = `thread ${readField(status, 'Pid')} (${readField(status, 'Name')})`
      throw privilegesLeft(`${thread} has ${field} ${found} instead of ${value}`, readField(status, 'Name'))
    }
  })
}

function readField(status: string, name: string): string {
  const value = new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? ''
  return value.trim().replaceAll(/\s+/g, ' ')
}

function formatSet(capabilities: bigint): string {
  return capabilities.toString(16).padStart(16, '0')
}

/** Threads that submit and carry out requests of io_uring, by the names that the kernel gives them. */
const IO_URING_THREAD = /^iou-/

function privilegesLeft(reason: string, thread = ''): TcpconnError {
  return new TcpconnError('E_PRIVILEGES_LEFT', {
    what: 'cannot record: the privileges of root were not dropped',
    reason,
    hint: IO_URING_THREAD.test(thread)
      ? 'unset UV_USE_IO_URING: what Node.js gives to io_uring is done with the privileges it was started with'
      : 'unset SUDO_UID to record as root',
  })
}
