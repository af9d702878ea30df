import koffi from 'koffi'
import { perfEventOpenNumber } from './perf-event-number.js'

const libc = koffi.load('libc.so.6')

const CLOCK_REALTIME = 0
const timespec = new BigInt64Array(2)
const clockGettime = libc.func('int clock_gettime(int clock, _Out_ void *time)') as (
  id: number,
  time: unknown,
) => number

export const mmap = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
) as (address: null, length: number, protection: number, flags: number, fd: number, offset: number) => bigint

export const munmap = libc.func('int munmap(void *address, size_t length)') as (
  address: bigint,
  length: number,
) => number

export const getpagesize = libc.func('int getpagesize(void)') as () => number

const LOCK_NB = 4
/** Operations of `flock` that do not wait: LOCK_SH and LOCK_EX, with LOCK_NB */
export const LOCK_NOW = { shared: 1 | LOCK_NB, exclusive: 2 | LOCK_NB } as const

export const flock = libc.func('int flock(int fd, int operation)') as (fd: number, operation: number) => number

export const setns = libc.func('int setns(int fd, int type)') as (fd: number, type: number) => number

export const prctl = libc.func(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
) as (option: number, a: number, b: number, c: number, d: number) => number

export const capset = libc.func('int capset(void *header, void *data)') as (
  header: Uint32Array,
  data: Uint32Array,
) => number

/** initgroups(3): the groups of an account, those of the directory services included. Like the next two for all threads. */
export const initgroups = libc.func('int initgroups(const char *user, unsigned int group)') as (
  user: string,
  gid: number,
) => number

export const setresgid = libc.func('int setresgid(unsigned int real, unsigned int effective, unsigned int saved)') as (
  ...gids: [real: number, effective: number, saved: number]
) => number

export const setresuid = libc.func('int setresuid(unsigned int real, unsigned int effective, unsigned int saved)') as (
  ...uids: [real: number, effective: number, saved: number]
) => number

/** System call numbers. Those from 424 on are the same on every machine (asm-generic/unistd.h). */
const [FSOPEN, FSCONFIG, FSMOUNT] = [430, 431, 432]
const FSCONFIG_CMD_CREATE = 6
const CLOEXEC = 1
const PERF_TYPE_TRACEPOINT = 2
const PERF_ATTRIBUTE_BYTES = 64
const PERF_FLAG_FD_CLOEXEC = 8

const callWithText = libc.func('long syscall(long number, const char *text, unsigned long flags)')
const callWithContext = libc.func(
  'long syscall(long number, int fd, unsigned long command, void *key, void *value, int auxiliary)',
)
const callWithMemory = libc.func(
  'long syscall(long number, void *memory, int pid, int cpu, int group, unsigned long flags)',
)

/** fsopen(2): a file system that is going to be mounted. Below 0 on failure, like all of these. */
export const fsopen = (type: string): number => Number(callWithText(FSOPEN, type, CLOEXEC))

/** fsconfig(2) with FSCONFIG_CMD_CREATE. */
export const fsconfig = (context: number): number =>
  Number(callWithContext(FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0))

/** fsmount(2): a descriptor of the root, which stands nowhere in the tree. */
export const fsmount = (context: number): number => Number(callWithContext(FSMOUNT, context, CLOEXEC, null, null, 0))

/**
 * perf_event_open(2) for a tracepoint, on all CPUs: those that a program is attached to do not look at the CPU.
 * @throws E_PROBE on a machine whose number of this call is not known
 */
export function openPerfEvent(tracepointId: number): number {
  const number = perfEventOpenNumber()
  const attribute = new Uint8Array(PERF_ATTRIBUTE_BYTES)
  const view = new DataView(attribute.buffer)
  view.setUint32(0, PERF_TYPE_TRACEPOINT, true)
  view.setUint32(4, PERF_ATTRIBUTE_BYTES, true)
  view.setBigUint64(8, BigInt(tracepointId), true)
  return Number(callWithMemory(number, attribute, -1, 0, -1, PERF_FLAG_FD_CLOEXEC))
}

/** Formats with a C va_list, as libbpf's print callback receives it. */
export const vsnprintf = libc.func('int vsnprintf(_Out_ char *text, size_t size, const char *format, void *arguments)')

/** CLOCK_REALTIME, ns. CLOCK_MONOTONIC is `process.hrtime`, for less than a call through koffi. */
export function readWallClock(): bigint {
  clockGettime(CLOCK_REALTIME, timespec)
  return (timespec[0] as bigint) * 1_000_000_000n + (timespec[1] as bigint)
}

/** Text of an errno, as strerror(3). */
export const strerror = libc.func('const char *strerror(int error)') as (error: number) => string

/** Why the last call that failed did, in libc's words. */
export const lastError = (): string => strerror(koffi.errno())

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000
/** sockaddr_un: the family, then up to 108 bytes. */
const MAX_PATH_BYTES = 108

const socket = libc.func('int socket(int domain, int type, int protocol)') as (...numbers: number[]) => number
const sendto = libc.func(
  'long sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t address_length)',
)

/**
 * A function that sends datagrams to a unix socket, without ever waiting: it returns `false` when the other side's queue is
 * full, so that the same may be sent again; what cannot be delivered for another reason is dropped. Node has no datagram
 * sockets of this family.
 * @param path a leading `@` stands for the abstract namespace, as in unix(7)
 * @returns `null` when there can be no such socket
 */
export function openDatagrams(path: string): ((text: string) => boolean) | null {
  const name = Buffer.from(path)
  if (name.length === 0 || name.length >= MAX_PATH_BYTES) return null
  const isAbstract = path.startsWith('@')
  if (isAbstract) name[0] = 0
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0)
  if (fd < 0) return null
  const address = Buffer.concat([Uint8Array.of(AF_UNIX, 0), name, ...(isAbstract ? [] : [Uint8Array.of(0)])])
  return (text) => {
    const data = Buffer.from(text)
    const sent = sendto(fd, data, data.length, MSG_DONTWAIT_NOSIGNAL, address, address.length)
    return Number(sent) >= 0 || koffi.errno() !== koffi.os.errno.EAGAIN
  }
}
