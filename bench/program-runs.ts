import { closeSync } from 'node:fs'
import koffi from 'koffi'
import { readDescriptors } from '../test/support/descriptors.js'

/** BPF_STATS_RUN_TIME of linux/bpf.h */
const RUN_TIME = 0

/** Number of runs of BPF programs, and their time. */
export interface ProgramRuns {
  readonly count: number
  readonly ns: number
}

/**
 * Lets the kernel measure BPF programs while `body` runs. This also ends if the bench is killed. It costs each run two
 * clock readings, about one of which is included in the time.
 * @returns `null` if the kernel cannot measure: it needs Linux 5.8
 */
export async function withProgramStats<T>(body: () => Promise<T>): Promise<T | null> {
  const enable = koffi.load('libbpf.so.1').func('int bpf_enable_stats(int type)')
  const fd = enable(RUN_TIME) as number
  if (fd < 0) return null
  try {
    return await body()
  } finally {
    closeSync(fd)
  }
}

/** A BPF program that a process holds. */
export interface HeldProgram extends ProgramRuns {
  readonly id: number
  /** enum bpf_prog_type */
  readonly type: number
  /** Instructions that the verifier visited at load; NaN before Linux 5.16 */
  readonly verifiedCount: number
}

/** The programs that a process holds. */
export function readPrograms(pid: number): HeldProgram[] {
  const programs = new Map<number, HeldProgram>()
  for (const descriptor of readDescriptors(pid)) {
    const field = (name: string) => Number(descriptor[name])
    const [id, type, count, ns] = [field('prog_id'), field('prog_type'), field('run_cnt'), field('run_time_ns')]
    // By id, because a program may have several descriptors. Those of links have no run_cnt.
    if (!Number.isNaN(count)) programs.set(id, { id, type, count, ns, verifiedCount: field('verified_insns') })
  }
  return [...programs.values()]
}

/**
 * Sum over the programs of one type that a process holds.
 * @param type enum bpf_prog_type
 */
export function readProgramRuns(pid: number, type: number): ProgramRuns {
  const programs = readPrograms(pid).filter((program) => program.type === type)
  return programs.reduce((sum, { count, ns }) => ({ count: sum.count + count, ns: sum.ns + ns }), { count: 0, ns: 0 })
}
