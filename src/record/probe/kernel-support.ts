import { existsSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { TcpconnError } from '../../errors.js'

/** The first kernel with BPF ring buffers. */
export const MINIMUM_KERNEL = '5.8'
export const BTF_PATH = '/sys/kernel/btf/vmlinux'

/** Whether a kernel release (`uname -r`) is new enough. */
export function isKernelSupported(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  const [minMajor = 0, minMinor = 0] = MINIMUM_KERNEL.split('.').map(Number)
  return major > minMajor || (major === minMajor && minor >= minMinor)
}

/** @throws E_KERNEL_TOO_OLD, E_NO_BTF */
export function requireKernelSupport(kernel = release(), btfPath = BTF_PATH): void {
  if (!isKernelSupported(kernel)) {
    throw new TcpconnError('E_KERNEL_TOO_OLD', {
      what: 'cannot record on this kernel',
      reason: `it is ${kernel}; BPF ring buffers came with ${MINIMUM_KERNEL}`,
      hint: `boot a kernel from ${MINIMUM_KERNEL} on; traces of other hosts can be analyzed here all the same`,
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
 * The probe knows processes by their ids in the initial PID namespace, so pids of another one mean nothing to it.
 * @throws E_PID_NAMESPACE
 */
export function requireInitialPidNamespace(what: string, inode = statSync('/proc/self/ns/pid').ino): void {
  if (inode === INITIAL_PID_NAMESPACE) return
  throw new TcpconnError('E_PID_NAMESPACE', {
    what: `${what} does not work inside a PID namespace`,
    reason: 'the kernel knows the processes by other ids than those that are seen here',
    hint: 'run it on the host, or in a container with the PID namespace of the host (--pid=host)',
  })
}
