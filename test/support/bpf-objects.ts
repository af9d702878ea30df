import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/**
 * IDs of BPF objects that a process has open. A descriptor may be closed meanwhile.
 * @param key in /proc/PID/fdinfo
 * @param target matches the targets of the descriptors
 */
export function findIds(pid: number, key: 'map_id' | 'prog_id', target: RegExp): Set<string> {
  const line = new RegExp(`^${key}:\\s*(\\d+)$`, 'm')
  const open = readdirSync(`/proc/${pid}/fd`).filter((fd) =>
    target.test(unlessGone(() => readlinkSync(`/proc/${pid}/fd/${fd}`))),
  )
  const infos = open.map((fd) => unlessGone(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')))
  return new Set(infos.flatMap((info) => line.exec(info)?.[1] ?? []))
}

/** A BPF object, as bpftool shows it; `null` if the kernel has freed it meanwhile. */
export function showObject<T>(type: 'map' | 'prog', id: string): T | null {
  const { status, error, stdout } = spawnSync('bpftool', ['--json', type, 'show', 'id', id], { encoding: 'utf8' })
  if (error !== undefined) throw error
  return status === 0 ? (JSON.parse(stdout) as T) : null
}

/** `''` if the file does not exist any more. */
function unlessGone(read: () => string): string {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
