import { readFileSync, readdirSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'
import { capset, initgroups, lastError, prctl, setresgid, setresuid } from '../native/libc.js'
import { CAPABILITY, hasCapability, readCapabilities } from './privileges.js'
import type { User } from './user-names.js'

const PR_SET_KEEPCAPS = 8
const PR_SET_NO_NEW_PRIVS = 38
const CAPABILITY_VERSION_3 = 0x20080522

/**
 * Drops the privileges that only loading the probe needs.
 * - Under sudo, the process becomes the invoking user with all its groups, permanently and in every thread.
 * - With capabilities but without sudo, as from a service, only this thread drops them: capset(2) cannot change other threads.
 * - Root without sudo stays root.
 *
 * This thread keeps CAP_BPF, because kernels before 6.x require it for every map access. Without CAP_BPF, as in a container with
 * CAP_SYS_ADMIN instead, it keeps CAP_SYS_ADMIN.
 * @param user the invoking user, `null` without sudo
 * @throws E_PRIVILEGES_LEFT if a call fails or a thread keeps its privileges
 */
export function dropPrivileges(user: User | null): void {
  if (user) becomeUser(user)
  if (process.getuid?.() === 0) return
  const kept = hasCapability(readCapabilities('CapPrm'), CAPABILITY.bpf) ? CAPABILITY.bpf : CAPABILITY.sys_admin
  keepOnly(kept)
  if (user) requireDropped(readThreads(), user, kept)
}

/** The account without rights of its own (systemd: Users and Groups). */
const NOBODY: User = { uid: 65_534, gid: 65_534, name: 'nobody', home: '/' }

/**
 * Permanently keeps CAP_DAC_READ_SEARCH in this thread, if the process has it, and no other privilege: the process
 * becomes the invoking user, or `nobody`. Without CAP_SETUID, as in a service with few capabilities, it stays the user
 * that it is.
 * @param user the invoking user, `null` without sudo
 * @returns whether the process has the capability
 * @throws E_PRIVILEGES_LEFT if a call fails or a thread keeps its privileges
 */
export function keepReading(user: User | null): boolean {
  // Programs that it could start would get no privileges, not even those of root.
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
  const permitted = readCapabilities('CapPrm')
  const has = (name: keyof typeof CAPABILITY) => hasCapability(permitted, CAPABILITY[name])
  const kept = has('dac_read_search') ? CAPABILITY.dac_read_search : null
  // Without the capability, only root reads files of root.
  const account = has('setuid') && has('setgid') && kept !== null ? (user ?? NOBODY) : null
  if (account) becomeUser(account)
  keepOnly(kept)
  if (account) requireDropped(readThreads(), account, kept)
  return kept !== null
}

/**
 * Through libc: setgroups(2) and similar system calls change only the calling thread, and glibc repeats them in every
 * thread that it created (nptl(7)). The Node.js functions of the same names throw if libuv could use io_uring
 * (CVE-2024-22017). PR_SET_KEEPCAPS belongs to the calling thread: the others lose every capability.
 */
function becomeUser({ uid, gid, name }: User): void {
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
  requireSuccess(initgroups(name, gid), 'initgroups')
  requireSuccess(setresgid(gid, gid, gid), 'setresgid')
  requireSuccess(setresuid(uid, uid, uid), 'setresuid')
}

/** Permitted and effective set of this thread. The inheritable set is empty, so a command gets no capability. */
function keepOnly(bit: number | null): void {
  const header = Uint32Array.of(CAPABILITY_VERSION_3, 0)
  const [low, high] = bit === null ? [0, 0] : bit < 32 ? [2 ** bit, 0] : [0, 2 ** (bit - 32)]
  const data = Uint32Array.of(low, low, 0, high, high, 0)
  requireSuccess(capset(header, data), 'capset')
}

function requireSuccess(result: number, name: string): void {
  if (result !== 0) throw privilegesLeft(`${name}: ${lastError()}`)
}

/** /proc/PID/task/TID/status of every thread, this one first, without threads that have exited. */
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
 * Checks that every thread has the user as real, effective, saved and file system id, and the same groups; that the
 * first thread has only the capability `kept`, and the others have none. This includes io_uring threads of the kernel: libc
 * does not know them, and they keep the credentials of the creator of the ring.
 * @param threads contents of /proc/PID/task/TID/status, main thread first
 * @throws E_PRIVILEGES_LEFT
 */
export function requireDropped(threads: readonly string[], { uid, gid }: User, kept: number | null): void {
  const [main = ''] = threads
  const groups = readField(main, 'Groups')
  threads.forEach((status, index) => {
    const capabilities = index === 0 && kept !== null ? 1n << BigInt(kept) : 0n
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

/** Kernel names of threads that submit and execute io_uring requests. */
const IO_URING_THREAD = /^iou-/

function privilegesLeft(reason: string, thread = ''): TcpconnError {
  return new TcpconnError('E_PRIVILEGES_LEFT', {
    what: 'cannot record: root privileges were not dropped',
    reason,
    hint: IO_URING_THREAD.test(thread)
      ? 'unset UV_USE_IO_URING: io_uring requests of Node.js keep the privileges of its start'
      : 'unset SUDO_UID to record as root',
  })
}
