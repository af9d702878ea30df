import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeTemporaryDirectory } from './temporary-directory.js'
import { waitUntil } from './wait-until.js'

/** A cgroup v2, removed at the end of the test. */
export interface Cgroup {
  readonly directory: string
  /** Below the root of cgroup v2, with a leading slash, as in /proc/PID/cgroup. */
  readonly path: string
  readonly id: bigint
  /** Prefix of a command that runs in the cgroup. */
  readonly exec: readonly string[]
}

let made = 0

/**
 * Creates a cgroup.
 * @param parent default: the root of cgroup v2
 * @param name default: a unique name
 */
export function makeCgroup(parent?: Cgroup, name = `tcpconn-test-${process.pid}-${made++}`): Cgroup {
  const path = `${parent?.path ?? ''}/${name}`
  const directory = join(cgroupRoot(), path)
  mkdirSync(directory)
  // The last process leaves its cgroup shortly after its end.
  onTestFinished(() => waitUntil(`${path} to be empty`, () => isRemoved(directory)).then(() => {}))
  const exec = ['sh', '-c', 'echo $$ > "$0"/cgroup.procs && exec "$@"', directory]
  return { directory, path, id: statSync(directory, { bigint: true }).ino, exec }
}

/** The mount point of cgroup v2. */
export function cgroupRoot(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const [, path] = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2') ?? []
  if (!path) throw new Error('cgroup v2 is not mounted')
  return path
}

/** Prefix of a command that runs in a mount namespace in which cgroup v2 is not mounted. */
export function withUnmountedCgroup2(): string[] {
  return ['unshare', '--mount', 'sh', '-c', 'umount --lazy "$0" && exec "$@"', cgroupRoot()]
}

/** The same, and the command cannot mount it either. */
export function withoutCgroup2(): string[] {
  return [...withUnmountedCgroup2(), ...WITHOUT_SYS_ADMIN]
}

/** Prefix of a command that runs with all capabilities of root except CAP_SYS_ADMIN. */
export const WITHOUT_SYS_ADMIN = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin']

/**
 * Prefix of a command that runs in this cgroup and a cgroup namespace of its own. Only that one is mounted there, as in
 * a container.
 */
export function inPrivateNamespace({ exec }: Cgroup): string[] {
  const script = 'mount -t cgroup2 none "$0" && umount --lazy "$1" && shift && exec "$@"'
  return [...exec, 'unshare', '--cgroup', '--mount', 'sh', '-c', script, makeTemporaryDirectory(), cgroupRoot()]
}

function isRemoved(directory: string): boolean {
  try {
    rmdirSync(directory)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
