import { readFileSync } from 'node:fs'
import { TcpconnError } from '../../errors.js'
import type { User, UserNames } from './user-names.js'

/** Numbers of capabilities, linux/capability.h */
export const CAPABILITY = { sys_admin: 21, perfmon: 38, bpf: 39 } as const

/** Capabilities of this process, a bit each. */
export function readCapabilities(
  set: 'CapEff' | 'CapPrm' = 'CapEff',
  status = readFileSync('/proc/thread-self/status', 'utf8'),
): bigint {
  return BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`)
}

/** Whether a set of `readCapabilities` holds a capability of this number. */
export function hasCapability(capabilities: bigint, bit: number): boolean {
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
