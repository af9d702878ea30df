import { existsSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { TcpconnError } from '../../base/errors.js'

/** The first kernel with BPF ring buffers. */
export const MINIMUM_KERNEL = '5.8'
export const BTF_PATH = '/sys/kernel/btf/vmlinux'

/** Whether a kernel release (`uname -r`) is supported. */
export function isKernelSupported(kernel: string): boolean {
  return isKernelAtLeast(kernel, MINIMUM_KERNEL)
}

/** @param kernel `uname -r` @param minimum like 5.11 */
export function isKernelAtLeast(kernel: string, minimum: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number)
  return major > minMajor || (major === minMajor && minor >= minMinor)
}

/** @throws E_KERNEL_TOO_OLD, E_NO_BTF */
export function requireKernelSupport(kernel = release(), btfPath = BTF_PATH): void {
  if (!isKernelSupported(kernel)) {
    throw new TcpconnError('E_KERNEL_TOO_OLD', {
      what: 'cannot record on this kernel',
      reason: `the kernel is ${kernel}; BPF ring buffers require ${MINIMUM_KERNEL}`,
      hint: `boot kernel ${MINIMUM_KERNEL} or newer; this host can still analyze traces of other hosts`,
    })
  }
  if (!existsSync(btfPath)) {
    throw new TcpconnError('E_NO_BTF', {
      what: 'cannot record on this kernel',
      reason: `it has no BTF: ${btfPath} does not exist`,
      hint: 'use a distribution kernel, or build yours with CONFIG_DEBUG_INFO_BTF=y',
    })
  }
}

/** include/linux/proc_ns.h PROC_PID_INIT_INO */
const INITIAL_PID_NAMESPACE = 0xeffffffc

/**
 * The probe identifies processes by their ids in the initial PID namespace, so ids of another namespace do not match.
 * @throws E_PID_NAMESPACE
 */
export function requireInitialPidNamespace(what: string, inode = statSync('/proc/self/ns/pid').ino): void {
  if (inode === INITIAL_PID_NAMESPACE) return
  throw new TcpconnError('E_PID_NAMESPACE', {
    what: `${what} does not work inside a PID namespace`,
    reason: 'process ids in this namespace differ from those of the kernel',
    hint: 'run it on the host, or in a container with the PID namespace of the host (--pid=host)',
  })
}
