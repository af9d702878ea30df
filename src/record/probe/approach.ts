import { release } from 'node:os'

/** How attempts are followed on a kernel. bpf/tcpconn.bpf.c says what each program does, ARCHITECTURE.md why. */
export interface Approach {
  /** Programs on inet_sock_set_state, in the order in which the kernel calls them: each does what those before missed */
  readonly followers: readonly string[]
  /** Programs that catch what all followers missed */
  readonly catchers: readonly string[]
  /** Run once after the others were detached; `null` where the kernel has no such programs */
  readonly final: string | null
  /** The followers behind the first are detached while the kernel skips no run */
  readonly isAdaptive: boolean
  /** Pending attempts stand in the array `buckets`; otherwise in the hash alone */
  readonly hasBuckets: boolean
  /** Tasks are preempted inside programs on tracepoints */
  readonly isPreemptible: boolean
}

/** Before Linux 5.12 the kernel skips no run, and programs cannot compare and swap. */
const HASH: Approach = {
  followers: ['follow_in_hash'],
  catchers: [],
  final: null,
  isAdaptive: false,
  hasBuckets: false,
  isPreemptible: false,
}

/**
 * @param kernel its release, as `uname -r` prints it
 * @param asOn a release whose approach is taken instead, for measuring it (docs/benchmarks.md); nothing is detached then
 */
export function chooseApproach(kernel = release(), asOn = process.env.TCPCONN_APPROACH): Approach {
  if (asOn && /^\d+\.\d+$/.test(asOn)) return { ...approachOf(asOn), isAdaptive: false }
  return approachOf(kernel)
}

function approachOf(kernel: string): Approach {
  const version = versionOf(kernel)
  if (version < 5.012) return HASH
  const isPreemptible = version >= 7
  return {
    followers: ['follow_connect', 'follow_skipped', ...(isPreemptible ? ['follow_preempted'] : [])],
    catchers: [...(version >= 5.015 ? ['catch_error'] : []), 'catch_destroyed'],
    final: version >= 5.017 ? 'catch_established' : null,
    isAdaptive: !isPreemptible,
    hasBuckets: true,
    isPreemptible,
  }
}

/** Programs of which a kernel loads only those of its approach. */
export const APPROACH_PROGRAMS = [
  'follow_connect',
  'follow_skipped',
  'follow_preempted',
  'catch_error',
  'catch_destroyed',
  'catch_established',
  'follow_in_hash',
] as const

/** 6.1.0-31-amd64 → 6.001 */
function versionOf(kernel: string): number {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  return major + minor / 1000
}
