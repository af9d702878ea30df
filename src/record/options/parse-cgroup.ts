import { join, resolve } from 'node:path'
import { UsageError } from '../../base/errors.js'
import { decodeBytes, encodeBytes } from '../../attempt/byte-text.js'
import { isCgroup2, type CgroupTree } from '../host/cgroup-tree.js'

/** MAX_CGROUPS of bpf/filters.h: the probe checks them one by one. */
const MAX_CGROUPS = 64

/** cgroup v2 directories. */
export function parseCgroups(texts: readonly string[], tree: CgroupTree | null): string[] {
  return limitCgroups(texts).map((text) => parseCgroup(text, tree?.path ?? null))
}

/** @throws UsageError for more cgroups than the probe can check */
export function limitCgroups(cgroups: readonly string[]): readonly string[] {
  if (cgroups.length <= MAX_CGROUPS) return cgroups
  throw new UsageError(
    '--cgroup',
    cgroups[MAX_CGROUPS] as string,
    `at most ${MAX_CGROUPS} cgroups; name a parent of them`,
  )
}

/**
 * A cgroup v2 directory, or a path below the root of the hierarchy as in /proc/PID/cgroup, systemd-cgls and traces.
 * @returns its path as returned by `decodeBytes`
 */
export function parseCgroup(text: string, root: string | null): string {
  const candidates = [resolve(text), ...(root === null ? [] : [join(root, text)])]
  // Unit names contain systemd escapes, which must not be decoded as bytes.
  const paths = candidates.flatMap((path) => [Buffer.from(path), encodeBytes(path)])
  const found = text === '' ? undefined : paths.find(isCgroup2)
  if (found !== undefined) return decodeBytes(found)
  const example = join(root ?? '/sys/fs/cgroup', 'system.slice')
  throw new UsageError('--cgroup', text, `a cgroup v2 directory like ${example}, or a path below ${root ?? 'its root'}`)
}
