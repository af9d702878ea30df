import { readFileSync } from 'node:fs'
import { constants, release } from 'node:os'
import { isKernelAtLeast } from './kernel-support.js'
import { tryBpf } from '../native/libc.js'

/** A reason outside of the probe for which the kernel refuses it, and a hint. */
export interface Refusal {
  readonly reason: string
  readonly hint: string
}

/** Facts for finding the reason. */
export interface RefusalFacts {
  /** Contents of /proc/self/status */
  readonly status: string
  /** Whether every call of bpf(2) is refused */
  readonly refusesAll: boolean
  /** uname -r */
  readonly kernel: string
}

/**
 * libbpf attributes every EPERM to RLIMIT_MEMLOCK. That limit matters only before Linux 5.11; a container's seccomp
 * profile refuses the whole system call, even for root with all capabilities.
 * @param errno of the failed call
 * @returns `null`: the message of libbpf is the best information
 */
export function explainRefusal(errno: number, facts: RefusalFacts = readFacts()): Refusal | null {
  if (errno !== constants.errno.EPERM) return null
  if (/^Seccomp:\s*2/m.test(facts.status) && facts.refusesAll) {
    return {
      reason: 'a seccomp profile refuses the system call bpf(2), as the default profile of containers does',
      hint: 'start the container with --security-opt seccomp=unconfined or --privileged (podman, docker), securityContext.seccompProfile.type: Unconfined or privileged: true (Kubernetes)',
    }
  }
  if (isKernelAtLeast(facts.kernel, '5.11')) return null
  return {
    reason: 'BPF maps count as locked memory on kernels before 5.11, and the limit (RLIMIT_MEMLOCK) is too small',
    hint: 'raise it: ulimit -l unlimited, LimitMEMLOCK=infinity (systemd), --ulimit memlock=-1 (podman, docker)',
  }
}

function readFacts(): RefusalFacts {
  return {
    status: readFileSync('/proc/self/status', 'utf8'),
    refusesAll: tryBpf() === constants.errno.EPERM,
    kernel: release(),
  }
}
