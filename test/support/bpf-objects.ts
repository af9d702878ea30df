import { spawnSync } from 'node:child_process'

/** A BPF object, as bpftool shows it; `null` if the kernel has freed it meanwhile. */
export function showObject<T>(type: 'map' | 'prog', id: string): T | null {
  const { status, error, stdout } = spawnSync('bpftool', ['--json', type, 'show', 'id', id], { encoding: 'utf8' })
  if (error !== undefined) throw error
  return status === 0 ? (JSON.parse(stdout) as T) : null
}
