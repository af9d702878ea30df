import { showObject } from './bpf-objects.js'
import { readDescriptors } from './descriptors.js'

/** A BPF program, as bpftool shows it. */
interface Program {
  /** At most 15 characters */
  readonly name: string
  /** Runs that the kernel skipped; absent if there were none */
  readonly recursion_misses?: number
}

/** Programs that links of this process attach to tracepoints. Without those that are detached meanwhile. */
export function attachedPrograms(pid: number): Program[] {
  const links = readDescriptors(pid).filter(({ link_id }) => link_id !== undefined)
  return links.flatMap(({ prog_id }) => showObject<Program>('prog', prog_id as string) ?? [])
}
