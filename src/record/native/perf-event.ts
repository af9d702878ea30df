import koffi from 'koffi'
import { TcpconnError } from '../../base/errors.js'

const PERF_TYPE_TRACEPOINT = 2
const PERF_ATTRIBUTE_BYTES = 64
const PERF_FLAG_FD_CLOEXEC = 8

const libc = koffi.load('libc.so.6')
const callWithMemory = libc.func(
  'long syscall(long number, void *memory, int pid, int cpu, int group, unsigned long flags)',
)

/**
 * perf_event_open(2) of a tracepoint, on all CPUs: an attached program runs on every CPU.
 * @throws E_PROBE on a machine with an unknown system call number
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

/** asm/unistd.h of each machine, by process.arch: the compiled program decides, not uname -m. */
const NUMBERS: Readonly<Record<string, number>> = { x64: 298, arm64: 241, riscv64: 241, loong64: 241, ppc64: 319 }

/** System call number of perf_event_open(2). @throws E_PROBE if it is unknown */
export function perfEventOpenNumber(arch: string = process.arch): number {
  const number = Object.hasOwn(NUMBERS, arch) ? NUMBERS[arch] : undefined
  if (number !== undefined) return number
  throw new TcpconnError('E_PROBE', {
    what: 'cannot trace connect(2) on this machine',
    reason: `the system call number of perf_event_open is unknown for ${arch}`,
    hint: 'leave out --local-errors',
  })
}
