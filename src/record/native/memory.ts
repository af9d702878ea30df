import koffi from 'koffi'
import { TcpconnError } from '../../base/errors.js'
import { getpagesize, mmap, munmap, strerror } from './libc.js'

const MAP_SHARED = 1
const MAP_FAILED = 0xffffffffffffffffn
const PROT_READ = 1
const PROT_WRITE = 2

/** Granularity of mappings: 4 KiB on x86-64, up to 64 KiB on arm64. */
export const PAGE_BYTES = getpagesize()

/** Kernel memory mapped into this process. `buffer` is invalid after `unmap`. */
export interface Mapping {
  readonly buffer: ArrayBuffer
  unmap(): void
}

/** Maps a memory-mappable BPF map. */
export function mapMemory(fd: number, access: 'read' | 'write', offset: number, lengthBytes: number): Mapping {
  const protection = access === 'read' ? PROT_READ : PROT_READ | PROT_WRITE
  const address = mmap(null, lengthBytes, protection, MAP_SHARED, fd, offset)
  if (address === MAP_FAILED) {
    throw new TcpconnError('E_PROBE', {
      what: "cannot map the probe's memory",
      reason: `mmap of ${lengthBytes} bytes: ${strerror(koffi.errno())}`,
      hint: 'check free memory, and the locked-memory limit on kernels before 5.11: ulimit -l',
    })
  }
  return { buffer: koffi.view(address, lengthBytes), unmap: () => void munmap(address, lengthBytes) }
}
