import { join, resolve } from 'node:path'
import { UsageError } from '../../errors.js'
import { findCgroupRoot, isCgroup2 } from '../host/cgroup-root.js'

/** MAX_CGROUPS of bpf/filters.h: the probe looks at each in turn. */
const MAX_CGROUPS = 64

/** Directories of cgroup v2, at most as many as the probe can look at. */
export function parseCgroups(texts: readonly string[]): string[] {
  if (texts.length <= MAX_CGROUPS) return texts.map((text) => parseCgroup(text))
  throw new UsageError(
    '--cgroup',
    texts[MAX_CGROUPS] as string,
    `at most ${MAX_CGROUPS} cgroups; name a parent of them`,
  )
}

/** A cgroup v2 directory, or a path below the hierarchy's root as /proc/PID/cgroup and systemd-cgls give it. */
export function parseCgroup(text: string, root = findCgroupRoot()): string {
  const candidates = [resolve(text), ...(root === null ? [] : [join(root, text)])]
  const found = text === '' ? undefined : candidates.find(isCgroup2)
  if (found !== undefined) return found
  const example = join(root ?? '/sys/fs/cgroup', 'system.slice')
  throw new UsageError('--cgroup', text, `a cgroup v2 directory like ${example}, or a path below ${root ?? 'its root'}`)
}
