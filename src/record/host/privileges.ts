import { readFileSync } from 'node:fs'
import { capset, prctl } from '../probe/libc.js'
import { TcpconnError } from '../../errors.js'
import type { User, UserNames } from './user-names.js'

/** linux/capability.h */
const CAPABILITY = { sys_admin: 21, perfmon: 38, bpf: 39 } as const
// @types/node does not know it; Node has had it since 0.9.
const { initgroups } = process as unknown as { initgroups: (user: string, gid: number) => void }
const PR_SET_KEEPCAPS = 8
const CAPABILITY_VERSION_3 = 0x20080522

/** Capabilities of this process, a bit each. */
export function readCapabilities(
  set: 'CapEff' | 'CapPrm' = 'CapEff',
  status = readFileSync('/proc/thread-self/status', 'utf8'),
): bigint {
  return BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`)
}

function hasCapability(capabilities: bigint, bit: number): boolean {
  return (capabilities >> BigInt(bit)) % 2n === 1n
}

/**
 * Capabilities that loading the probe needs and this process lacks. CAP_SYS_ADMIN stands for both. What single features
 * need beside is found out where they are attached.
 */
export function missingCapabilities(effective = readCapabilities()): string[] {
  if (hasCapability(effective, CAPABILITY.sys_admin)) return []
  return (['bpf', 'perfmon'] as const)
    .filter((name) => !hasCapability(effective, CAPABILITY[name]))
    .map((name) => `CAP_${name.toUpperCase()}`)
}

/** @throws E_NOT_PRIVILEGED */
export function requirePrivileges(): void {
  const missing = missingCapabilities()
  if (missing.length === 0) return
  throw new TcpconnError('E_NOT_PRIVILEGED', {
    what: 'cannot record: not enough privileges',
    reason: `loading the probe needs ${missing.join(', ')}, which this process does not have`,
    hint: 'run it as root, as with sudo',
  })
}

/**
 * The user behind sudo, `null` when there is none. `record` becomes that user once the probe is loaded.
 * @throws E_SUDO_USER when sudo's variables name no account
 */
export function findInvokingUser(users: UserNames, env = process.env): User | null {
  if (process.getuid?.() !== 0 || !env.SUDO_UID || env.SUDO_UID === '0') return null
  const user = /^\d+$/.test(env.SUDO_UID) ? users.byUid(Number(env.SUDO_UID)) : null
  const gid = /^\d+$/.test(env.SUDO_GID ?? '') ? Number(env.SUDO_GID) : user?.gid
  if (user && gid !== undefined) return { ...user, gid }
  throw new TcpconnError('E_SUDO_USER', {
    what: 'cannot tell who runs this',
    reason: `SUDO_UID=${env.SUDO_UID} names no account of this host`,
    hint: 'unset SUDO_UID to record as root, or run it through sudo',
  })
}

/** What to do when this user may not write somewhere, after the privileges were dropped. */
export function hintAtDirectory(env = process.env): string {
  if (env.SUDO_UID !== String(process.getuid?.())) return 'name a file in a directory of yours'
  return 'record becomes the user behind sudo: name a file in a directory of that user, or unset SUDO_UID to stay root'
}

/**
 * Gives up what only loading needed, for good: under sudo by becoming the invoking user, with all its groups. CAP_BPF
 * alone stays, in this thread alone: kernels before 6.x ask for it for every look into a map. Where there is none, as in a
 * container that has CAP_SYS_ADMIN instead, that stays. Root by itself stays root.
 * @param user the invoking user, `null` without sudo
 */
export function dropPrivileges(user: User | null): void {
  if (user) becomeUser(user)
  if (process.getuid?.() === 0) return
  keepOnly(hasCapability(readCapabilities('CapPrm'), CAPABILITY.bpf) ? CAPABILITY.bpf : CAPABILITY.sys_admin)
}

function becomeUser(user: User): void {
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
  initgroups(user.name, user.gid)
  process.setgid?.(user.gid)
  process.setuid?.(user.uid)
  if (process.getuid?.() === user.uid && process.geteuid?.() === user.uid) return
  throw new Error('privileges were not dropped')
}

/** Permitted and effective of this thread; none is inheritable, so a command that is run gets none. */
function keepOnly(bit: number): void {
  const header = Uint32Array.of(CAPABILITY_VERSION_3, 0)
  const [low, high] = bit < 32 ? [2 ** bit, 0] : [0, 2 ** (bit - 32)]
  const data = Uint32Array.of(low, low, 0, high, high, 0)
  if (capset(header, data) !== 0) throw new Error('capset failed')
}
