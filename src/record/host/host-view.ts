import { constants, openSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { findCgroupTree, type CgroupTree } from './cgroup-tree.js'
import { firstOf } from './first-of.js'
import { describeHostGaps } from './host-gaps.js'
import { inNamespace } from './in-namespace.js'
import { readMounts } from './mounts.js'

/** Initial namespaces have fixed inode numbers: include/uapi/linux/nsfs.h, before Linux 6.16 include/linux/proc_ns.h. */
const INITIAL = { pid: 0xeffffffc, uts: 0xeffffffe, ipc: 0xefffffff, cgroup: 0xeffffffb } as const
/** uapi/asm-generic/fcntl.h; Node.js does not define it. */
const O_PATH = 0o10000000
/** Mount point of the host's root in Kubernetes manifests and `kubectl debug node`. */
const USUAL_ROOT = '/host'
/** The first kernel thread, which is always in the initial namespaces. */
const KTHREADD = '2'

/**
 * The parts of the host that the recorder can see: all of it on the host, or the parts that a container's options
 * expose. The fields of a `HostView` stay valid after privileges are dropped.
 */
export interface HostView {
  /** The host's name, or the container's if the host's is not visible */
  readonly name: string
  /** Path of the host's root directory, `/` on the host itself; `null`: not visible */
  readonly root: string | null
  /** `null`: cgroup v2 is not mounted and cannot be mounted */
  readonly cgroups: CgroupTree | null
  /** Inode number of the host's network namespace; `null`: not visible */
  readonly netns: number | null
  /** Gaps of a recording for this reason, one line each, with the option that closes it */
  readonly gaps: readonly string[]
}

/**
 * Looks for the host. Call while privileged: opens files that are needed later.
 * @param givenRoot value of `--host-root`
 */
export function openHostView(givenRoot: string | null = null): HostView {
  const hasHostPids = inodeOf('/proc/self/ns/pid') === INITIAL.pid
  const root = givenRoot ?? findRoot(hasHostPids)
  const hostPids = hasHostPids ? ['1', KTHREADD] : []
  const cgroups = findCgroupTree({ root, hostPids })
  const name = findName(root, hostPids)
  const isContainer = root !== '/'
  return {
    name: name ?? hostname(),
    root,
    cgroups,
    netns:
      firstOf(hostPids, (pid) => inodeOf(`/proc/${pid}/ns/net`)) ??
      (isContainer || isInContainer() ? null : inodeOf('/proc/self/ns/net')),
    gaps: describeHostGaps({
      hasHostPids,
      hasRoot: root !== null,
      hasName: name !== null,
      // doctor reports a host without a mount.
      cgroups: cgroups?.isWhole || (cgroups === null && !isContainer) ? 'all' : cgroups === null ? 'none' : 'own',
      accountServices: isContainer && root !== null ? findAccountServices(root) : [],
    }),
  }
}

/** @returns `null` in a container without a visible host */
function findRoot(hasHostPids: boolean): string | null {
  const shown = hasHostPids ? findRootOfProcess() : null
  if (shown !== null) return shown
  if (!isInContainer()) return '/'
  return isHostRoot(USUAL_ROOT, readMounts()) ? USUAL_ROOT : null
}

/**
 * The root directory of the host's first process, or, if a security module hides it, of another process in the same
 * mount namespace: it contains all mounts of the host, including later ones. It is kept open, because the process may
 * exit.
 */
function findRootOfProcess(): string | null {
  const mounts = mountsOf('1') ?? mountsOf(KTHREADD)
  if (mounts === null) return null
  const pid = ['1', ...listRootPids()].find((one) => mountsOf(one) === mounts && inodeOf(rootOf(one)) !== null)
  if (pid === undefined) return null
  try {
    if (isSameFile('/', rootOf(pid))) return '/'
    return `/proc/self/fd/${openSync(rootOf(pid), O_PATH | constants.O_DIRECTORY)}`
  } catch {
    return null
  }
}

/** The final dot makes the kernel follow the link. */
const rootOf = (pid: string) => `${join('/proc', pid, 'root')}/.`

const mountsOf = (pid: string) => readLinkOf(`/proc/${pid}/ns/mnt`)

function readLinkOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

function ownerOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.uid ?? null
}

/**
 * Processes of root, oldest first. Without kernel threads, whose root directory may be that of the initial RAM disk.
 */
function listRootPids(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  return pids.filter((pid) => readLinkOf(`/proc/${pid}/exe`) !== null && ownerOf(`/proc/${pid}`) === 0)
}

/**
 * Uses only information that a process has without privileges. Mount and UTS namespaces prove nothing, because systemd
 * creates them for services. /.dockerenv proves nothing either, because a system unpacked from an image contains it.
 */
function isInContainer(): boolean {
  const isInitial = (name: 'pid' | 'cgroup' | 'ipc') => inodeOf(`/proc/self/ns/${name}`) === INITIAL[name]
  return process.env.KUBERNETES_SERVICE_HOST !== undefined || !(['pid', 'cgroup', 'ipc'] as const).every(isInitial)
}

/**
 * Whether a directory is a mount of a whole system including its submounts. In any other directory user names are
 * wrong.
 */
export function isHostRoot(path: string, mounts: readonly { path: string; type: string }[]): boolean {
  const isMounted = mounts.some((mount) => mount.path === path)
  const hasProc = mounts.some((mount) => mount.path === `${path}/proc` && mount.type === 'proc')
  return isMounted && hasProc && inodeOf(join(path, 'etc/passwd')) !== null
}

/** A service may have its own UTS namespace (ProtectHostname=) with the host's name. */
function findName(root: string | null, hostPids: readonly string[]): string | null {
  if (inodeOf('/proc/self/ns/uts') === INITIAL.uts) return hostname()
  const name = firstOf(hostPids, (pid) => inNamespace('uts', `/proc/${pid}/ns/uts`, hostname))
  if (name !== null) return name
  if (root === '/') return hostname()
  return root === null ? null : readName(join(root, 'etc/hostname'))
}

function readName(path: string): string | null {
  return tryRead(path)?.trim() || null
}

function tryRead(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/**
 * Sources of accounts in nsswitch.conf(5) other than files. `systemd` is not one of them: it has only the transient users of
 * services.
 */
function findAccountServices(root: string): string[] {
  const [, sources = ''] = /^passwd:(.*)$/m.exec(tryRead(join(root, 'etc/nsswitch.conf')) ?? '') ?? []
  const words = sources.replace(/#.*/, '').match(/[\w-]+(?![^[]*\])/g) ?? []
  return words.filter((word) => !['files', 'compat', 'systemd'].includes(word))
}

function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino
  } catch {
    return null
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statSync(one, { bigint: true }), statSync(other, { bigint: true })]
  return a.dev === b.dev && a.ino === b.ino
}
