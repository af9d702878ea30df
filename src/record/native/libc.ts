import koffi from 'koffi'

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
/** Non-blocking operations of `flock`: LOCK_SH and LOCK_EX with LOCK_NB */
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

/**
 * initgroups(3): groups of an account, including those of directory services. Like the next two, it affects all
 * threads.
 */
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

/** System call numbers; from 424 they are equal on all machines (asm-generic/unistd.h). */
const [FSOPEN, FSCONFIG, FSMOUNT] = [430, 431, 432]
const FSCONFIG_CMD_CREATE = 6
const CLOEXEC = 1
/** uapi/asm-generic/fcntl.h */
const O_CLOEXEC = 0o2000000

const callWithText = libc.func('long syscall(long number, const char *text, unsigned long flags)')
const callWithContext = libc.func(
  'long syscall(long number, int fd, unsigned long command, void *key, void *value, int auxiliary)',
)
/** fsopen(2): creates a file system context. Negative on failure, like all of these. */
export const fsopen = (type: string): number => Number(callWithText(FSOPEN, type, CLOEXEC))

/** fsconfig(2) with FSCONFIG_CMD_CREATE. */
export const fsconfig = (context: number): number =>
  Number(callWithContext(FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0))

/** fsmount(2): a descriptor of the root of a detached mount. */
export const fsmount = (context: number): number => Number(callWithContext(FSMOUNT, context, CLOEXEC, null, null, 0))

const OPENAT2 = 437
const OPEN_HOW_BYTES = 24
const callWithPath = libc.func(
  'long syscall(long number, int directory, const void *path, const void *how, unsigned long size)',
)

/** uapi/linux/openat2.h */
export const RESOLVE = { no_xdev: 1, no_magiclinks: 2, no_symlinks: 4, beneath: 8, in_root: 16 } as const

/**
 * openat2(2).
 * @param path in bytes, without NUL
 * @param resolve flags of `RESOLVE`
 * @returns a descriptor that programs do not inherit; negative on failure
 */
export function openAt(directory: number, path: Uint8Array, flags: number, resolve: number): number {
  const how = BigUint64Array.of(BigInt(flags | O_CLOEXEC), 0n, BigInt(resolve))
  return Number(callWithPath(OPENAT2, directory, Buffer.concat([path, Uint8Array.of(0)]), how, OPEN_HOW_BYTES))
}

const POLLIN = 1
const pollfd = libc.func('int poll(_Inout_ void *fds, unsigned long count, int milliseconds)')

/**
 * poll(2): waits until one of the descriptors is readable or closed.
 * @param milliseconds limit of the wait; -1: none
 * @returns by descriptor; all `false` after the limit or a signal
 */
export function pollReadable(fds: readonly number[], milliseconds: number): boolean[] {
  // struct pollfd: int fd; short events; short revents
  const words = new Int32Array(fds.flatMap((fd) => [fd, POLLIN]))
  const count = Number(pollfd(words, fds.length, milliseconds))
  return fds.map((_, i) => count > 0 && (words[2 * i + 1] as number) >>> 16 !== 0)
}

/** asm/unistd.h of each machine, by process.arch. */
const BPF_NUMBERS: Readonly<Record<string, number>> = { x64: 321, arm64: 280, riscv64: 280, loong64: 280, ppc64: 361 }
const NO_BPF_COMMAND = 0xffff
const callWithNothing = libc.func('long syscall(long number, int command, void *attributes, unsigned int size)')

/**
 * Calls bpf(2) with an invalid command.
 * @returns errno: EINVAL if the kernel evaluated it, EPERM if the call is refused; 0 if the system call number is
 * unknown
 */
export function tryBpf(): number {
  const number = BPF_NUMBERS[process.arch]
  if (number === undefined) return 0
  return Number(callWithNothing(number, NO_BPF_COMMAND, null, 0)) < 0 ? koffi.errno() : 0
}

/** Formats with a C va_list, as received by libbpf's print callback. */
export const vsnprintf = libc.func('int vsnprintf(_Out_ char *text, size_t size, const char *format, void *arguments)')

/** CLOCK_REALTIME, ns. For CLOCK_MONOTONIC, `process.hrtime` is faster than a call through koffi. */
export function readWallClock(): bigint {
  clockGettime(CLOCK_REALTIME, timespec)
  return (timespec[0] as bigint) * 1_000_000_000n + (timespec[1] as bigint)
}

/** The errno of the last call. */
export const errno = (): number => koffi.errno()

/** Text of an errno, as strerror(3). */
export const strerror = libc.func('const char *strerror(int error)') as (error: number) => string

/** Error message of the last failed call. */
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
 * Returns a function that sends datagrams to a unix socket without blocking. It returns `false` if the receive queue is
 * full, so that the caller can retry; other errors drop the datagram. Node.js has no unix datagram sockets.
 * @param path a leading `@` selects the abstract namespace, as in unix(7)
 * @returns `null` if the socket cannot be created
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
