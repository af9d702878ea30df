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

export const flock = libc.func('int flock(int fd, int operation)') as (fd: number, operation: number) => number

export const setns = libc.func('int setns(int fd, int type)') as (fd: number, type: number) => number

export const prctl = libc.func(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
) as (option: number, a: number, b: number, c: number, d: number) => number

export const capset = libc.func('int capset(void *header, void *data)') as (
  header: Uint32Array,
  data: Uint32Array,
) => number

/** Formats with a C va_list, as libbpf's print callback receives it. */
export const vsnprintf = libc.func('int vsnprintf(_Out_ char *text, size_t size, const char *format, void *arguments)')

/** CLOCK_REALTIME, ns. CLOCK_MONOTONIC is `process.hrtime`, for less than a call through koffi. */
export function readWallClock(): bigint {
  clockGettime(CLOCK_REALTIME, timespec)
  return (timespec[0] as bigint) * 1_000_000_000n + (timespec[1] as bigint)
}

/** Text of an errno, as strerror(3). */
export const strerror = libc.func('const char *strerror(int error)') as (error: number) => string
