import { release } from 'node:os'

/** How attempts are followed on a kernel. bpf/tcpconn.bpf.c describes the programs, ARCHITECTURE.md the reasons. */
export interface Approach {
  /**
   * Programs on inet_sock_set_state in the order of their calls: each handles attempts that the previous ones missed
   */
  readonly followers: readonly string[]
  /** Programs for attempts that all followers missed */
  readonly catchers: readonly string[]
  /** Run once after detaching the others; `null` if the kernel does not support it */
  readonly final: string | null
  /** The followers after the first are detached while the kernel skips no run */
  readonly isAdaptive: boolean
  /** Pending attempts are stored in the array `buckets`; otherwise only in the hash */
  readonly hasBuckets: boolean
  /** Tasks can be preempted inside tracepoint programs */
  readonly isPreemptible: boolean
}

/** Where programs have no compare-and-swap. These kernels skip no run. */
const HASH: Approach = {
  followers: ['follow_in_hash'],
  catchers: [],
  final: null,
  isAdaptive: false,
  hasBuckets: false,
  isPreemptible: false,
}

/** The first kernel with compare-and-swap in BPF programs: arch/arm64/net/bpf_jit_comp.c has it since Linux 5.18. */
const FIRST_WITH_SWAP: { readonly x64: number; readonly [architecture: string]: number } = { x64: 5.012, arm64: 5.018 }

/**
 * @param kernel its release, as printed by `uname -r`
 * @param asOn a release whose approach is used instead, or `alone` for the first follower only, for benchmarks
 * (docs/benchmarks.md); nothing is detached then
 */
export function chooseApproach(
  kernel = release(),
  asOn = process.env.TCPCONN_APPROACH,
  architecture: NodeJS.Architecture = process.arch,
): Approach {
  const approachOf = (one: string) => approachOn(versionOf(one), architecture)
  if (asOn === 'alone') return followAlone(approachOf(kernel))
  if (asOn && /^\d+\.\d+$/.test(asOn)) return { ...approachOf(asOn), isAdaptive: false }
  return approachOf(kernel)
}

function followAlone(approach: Approach): Approach {
  return { ...approach, followers: approach.followers.slice(0, 1), isAdaptive: false }
}

function approachOn(version: number, architecture: NodeJS.Architecture): Approach {
  if (version < (FIRST_WITH_SWAP[architecture] ?? FIRST_WITH_SWAP.x64)) return HASH
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

/** Programs of all approaches; a kernel loads those of its own. */
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
