import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBytes, encodeBytes } from '../../attempt/byte-text.js'
import { findContainer } from '../../attempt/container-name.js'
import { listCgroups } from './cgroup-tree.js'
import { readMounts } from './mounts.js'

/** Limit of checked directories, and of checked processes. */
export const MAX_LOOKS = 4096
/** /kubepods/burstable/podUID/ID */
const MAX_DEPTH = 4
/** Cgroups that container engines create at the root, even without a container. */
const ENGINE = /^\/(?:docker|kubepods|kubepods\.slice|lxc|libpod_parent|garden|ecs|nomad|nomad\.slice)$/

/** Inputs of the check, replaceable in tests. */
export interface CgroupSources {
  /** Contents of /proc/self/mountinfo */
  readonly mountinfo: string
  /** Mount point of cgroup v2 */
  readonly root: string | null
  /** Contents of /proc/PID/cgroup */
  readonly processes: Iterable<string>
  /** Whether the list of processes is truncated */
  readonly isCut: boolean
}

/**
 * Whether there are containers that only cgroup v1 controllers know. All their processes are in one v2 cgroup: that of
 * the engine, or the root.
 * @returns `null` if cgroup v1 is in use, no container was found, and the check was truncated
 */
export function hasV1Containers({ mountinfo, root, processes, isCut }: CgroupSources): boolean | null {
  const base = root === null ? null : decodeBytes(Buffer.from(root))
  const isOnlyInV1 = (path: string) => base === null || !existsSync(encodeBytes(join(base, path)))
  const mounts = readMounts(mountinfo).filter(({ type }) => type === 'cgroup')
  const paths = mounts.flatMap((mount) => listAll(decodeBytes(Buffer.from(mount.path))))
  if (paths.some((path) => isContainer(path) && isOnlyInV1(path))) return true
  let usesV1 = mounts.length > 0
  for (const text of processes) {
    if (isInV1Container(text)) return true
    usesV1 ||= /^[1-9]/m.test(text)
  }
  return usesV1 && (isCut || paths.length >= MAX_LOOKS) ? null : false
}

function isContainer(path: string): boolean {
  return ENGINE.test(path) || findContainer(path) !== null
}

/** Paths of cgroups below a mount, those near the root first; all as returned by `decodeBytes`. */
function listAll(mount: string): string[] {
  const found: string[] = []
  let level = ['/']
  for (let depth = 0; depth < MAX_DEPTH && found.length < MAX_LOOKS; depth++) {
    level = level.flatMap((path) => listChildren(mount, path)).slice(0, MAX_LOOKS)
    found.push(...level)
  }
  return found
}

function listChildren(mount: string, path: string): string[] {
  try {
    return listCgroups(join(mount, path)).map((name) => join(path, name))
  } catch {
    // It was removed.
    return []
  }
}

/** @param text lines of hierarchy, controllers and path; cgroup v2 has hierarchy 0 */
function isInV1Container(text: string): boolean {
  const paths = text.split('\n').map((line) => /^(\d+):[^:]*:(.*)$/.exec(line)?.slice(1) ?? [])
  const isIn = ([, path = '']: readonly string[]) => findContainer(path) !== null
  const isV2 = ([hierarchy]: readonly string[]) => hierarchy === '0'
  return paths.some((one) => !isV2(one) && isIn(one)) && !paths.some((one) => isV2(one) && isIn(one))
}

/** @param root of `CgroupSources` */
export function readCgroupSources(root: string | null): CgroupSources {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const processes = readProcesses(pids.slice(0, MAX_LOOKS))
  return { mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'), root, processes, isCut: pids.length > MAX_LOOKS }
}

function* readProcesses(pids: readonly string[]): Generator<string> {
  for (const pid of pids) {
    try {
      yield readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    } catch {
      // The process has exited.
    }
  }
}
