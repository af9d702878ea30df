import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** Time in µs of creating and removing a cgroup that is not a container. */
export function timeCgroups(above: string, repeats: number): number {
  const startMs = performance.now()
  for (let i = 0; i < repeats; i++) {
    mkdirSync(join(above, `plain-${i}.scope`))
    rmdirSync(join(above, `plain-${i}.scope`))
  }
  return ((performance.now() - startMs) * 1000) / repeats
}

/** Mount point of cgroup v2. */
export function findCgroups(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const [, path] = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2') ?? []
  if (path === undefined) throw new Error('cgroup v2 is not mounted')
  return path
}
