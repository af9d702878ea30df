import { findIds, showObject } from './bpf-objects.js'

/** A BPF program, as bpftool shows it. */
interface Program {
  /** At most 15 characters */
  readonly name: string
  /** Runs that the kernel skipped; absent if there were none */
  readonly recursion_misses?: number
}

/** Programs that links of this process attach to tracepoints. Without those that are detached meanwhile. */
export function attachedPrograms(pid: number): Program[] {
  return [...findIds(pid, 'prog_id', /bpf[-_]link/)].flatMap((id) => showObject<Program>('prog', id) ?? [])
}
