import { readFileSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'
import type { User, UserNames } from './user-names.js'

/** Capability numbers, linux/capability.h */
export const CAPABILITY = {
  dac_read_search: 2,
  setgid: 6,
  setuid: 7,
  sys_ptrace: 19,
  sys_admin: 21,
  perfmon: 38,
  bpf: 39,
} as const

/** Capabilities of this process as a bit mask. */
export function readCapabilities(
  set: 'CapEff' | 'CapPrm' = 'CapEff',
  status = readFileSync('/proc/thread-self/status', 'utf8'),
): bigint {
  return BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`)
}

/** Whether a set from `readCapabilities` contains a capability number. */
export function hasCapability(capabilities: bigint, bit: number): boolean {
  return (capabilities >> BigInt(bit)) % 2n === 1n
}

/**
 * Capabilities that the probe requires and this process lacks. CAP_SYS_ADMIN replaces both. Additional requirements of
 * single features are checked when they are attached.
 */
export function missingCapabilities(effective = readCapabilities()): string[] {
  if (hasCapability(effective, CAPABILITY.sys_admin)) return []
  return (['bpf', 'perfmon'] as const)
    .filter((name) => !hasCapability(effective, CAPABILITY[name]))
    .map((name) => `CAP_${name.toUpperCase()}`)
}

/**
 * The hint for missing capabilities. Root lacks them only in a container.
 * @param names like CAP_BPF
 */
export function hintAtCapabilities(names: readonly string[], isRoot = process.getuid?.() === 0): string {
  if (!isRoot) return 'run it as root, for example with sudo'
  const short = names.map((name) => name.replace('CAP_', ''))
  return `root lacks ${names.join(', ')} here, as in a container: start it with ${short.map((name) => `--cap-add ${name}`).join(' ')} or --privileged (podman, docker), securityContext.capabilities.add or privileged: true (Kubernetes)`
}

/** @throws E_NOT_PRIVILEGED */
export function requirePrivileges(): void {
  const missing = missingCapabilities()
  if (missing.length === 0) return
  throw new TcpconnError('E_NOT_PRIVILEGED', {
    what: 'cannot record: not enough privileges',
    reason: `loading the probe needs ${missing.join(', ')}, which this process does not have`,
    hint: hintAtCapabilities(missing),
  })
}

/**
 * The user behind sudo, `null` without sudo. `record` becomes that user after loading the probe.
 * @throws E_SUDO_USER if sudo's variables do not name an account
 */
export function findInvokingUser(users: UserNames, env = process.env): User | null {
  if (process.getuid?.() !== 0 || !env.SUDO_UID || env.SUDO_UID === '0') return null
  const user = /^\d+$/.test(env.SUDO_UID) ? users.byUid(Number(env.SUDO_UID)) : null
  const gid = /^\d+$/.test(env.SUDO_GID ?? '') ? Number(env.SUDO_GID) : user?.gid
  if (user && gid !== undefined) return { ...user, gid }
  throw new TcpconnError('E_SUDO_USER', {
    what: 'cannot find the user behind sudo',
    reason: `this host has no account with SUDO_UID=${env.SUDO_UID}`,
    hint: 'unset SUDO_UID to record as root, or run it through sudo',
  })
}

/** The hint for a missing write permission after privileges were dropped. */
export function hintAtDirectory(env = process.env): string {
  if (env.SUDO_UID !== String(process.getuid?.())) return 'name a file in your own directory'
  return 'record runs as the user behind sudo: name a file in a directory of that user, or unset SUDO_UID to stay root'
}
