import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** A BPF program, as bpftool shows it. */
interface Program {
  /** At most 15 characters */
  readonly name: string
  /** Runs that the kernel skipped; absent if there were none */
  readonly recursion_misses?: number
}

/** Programs that links of this process attach to tracepoints. */
export function attachedPrograms(pid: number): Program[] {
  const ids = readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => /bpf[-_]link/.test(linkTarget(`/proc/${pid}/fd/${fd}`)))
    .map((fd) => /^prog_id:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1])
  return ids.filter((id) => id !== undefined).map(readProgram)
}

/** A descriptor may be closed meanwhile. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function readProgram(id: string): Program {
  return JSON.parse(execFileSync('bpftool', ['--json', 'prog', 'show', 'id', id], { encoding: 'utf8' })) as Program
}
