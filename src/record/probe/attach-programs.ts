import { closeSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'
import { formatPlural } from '../../text/format-number.js'
import { openCgroup } from '../host/cgroup-tree.js'
import { findLibcs } from '../host/find-libcs.js'
import { CAPABILITY, hasCapability, hintAtCapabilities, readCapabilities } from '../host/privileges.js'
import { ALL_OPTIONS } from '../host/host-gaps.js'
import type { HostView } from '../host/host-view.js'
import { holdLibcs, MAX_LIBCS, type HeldLibc } from '../host/hold-libcs.js'
import { requireLibcMachine } from '../host/libc-machine.js'
import type { ProbeOptions } from '../options/record-options.js'
import type { Approach } from './approach.js'
import { CALL_PROGRAMS, COMMAND_PROGRAMS, LIBC_PROGRAMS, NAT_PROGRAMS, PACKET_PROGRAMS } from './configure-probe.js'
import { findNatGaps } from './nat-gaps.js'
import { lastErrno } from '../native/libbpf.js'
import type { ProbeObject } from './probe-object.js'
import { openTracepoint } from './tracepoint.js'

const TOO_MANY_LIBCS = `--dns=libc attaches to at most ${MAX_LIBCS} libcs, those that most processes use: lookups through the others are missing`

/**
 * Attaches the programs for the options.
 * @returns gaps of the requested features, one line each
 * @throws E_PROBE, E_NO_CGROUP2, E_NO_LIBC
 */
export function attachPrograms(object: ProbeObject, options: ProbeOptions, approach: Approach): string[] {
  const { followsCommand, dnsSource, localErrors, nat } = options
  const followed = followsCommand ? COMMAND_PROGRAMS : []
  for (const name of [...approach.followers, ...approach.catchers, 'follow_cgroup', ...followed]) object.attach(name)
  if (dnsSource === 'udp') attachToPackets(object, options.host)
  const gaps = dnsSource === 'libc' ? attachToLibcs(object) : []
  if (localErrors) attachToCalls(object)
  if (!nat) return gaps
  for (const name of NAT_PROGRAMS) object.attach(name)
  return [...gaps, ...findNatGaps()]
}

/** The root of cgroup v2 covers every socket of the host. */
function attachToPackets(object: ProbeObject, { cgroups, root }: HostView): void {
  const fd = cgroups === null ? null : openCgroup(cgroups.path)
  if (fd === null) throw noCgroup2(root !== '/')
  try {
    for (const name of PACKET_PROGRAMS) {
      if (!object.attachToCgroup(name, fd)) throw noPackets(object.libbpf.strerror(lastErrno()))
    }
  } finally {
    closeSync(fd)
  }
}

/** Skips a libc that is gone or has no getaddrinfo; at least one must be attached. */
function attachToLibcs(object: ProbeObject): string[] {
  let hidden = 0
  const held = holdLibcs(
    findLibcs(() => void hidden++),
    requireLibcMachine(),
  )
  try {
    const missing = held.libcs.filter((libc) => !attachToLibc(object, libc)).length
    if (missing === held.libcs.length) throw noLibc()
    return [
      ...(held.isCut ? [TOO_MANY_LIBCS] : []),
      ...(missing > 0 ? [describeMissing(missing)] : []),
      ...(hidden > 0 && !hasCapability(readCapabilities(), CAPABILITY.sys_ptrace) ? [describeHidden(hidden)] : []),
    ]
  } finally {
    held.close()
  }
}

/** Attaches the entry first: a return without a recorded entry counts as lost. */
function attachToLibc(object: ProbeObject, { path, resolverOffset }: HeldLibc): boolean {
  const [enter, exit] = LIBC_PROGRAMS
  const attach = (program: string, isReturn: boolean) =>
    object.attachToFunction(program, path, { offsetBytes: resolverOffset, isReturn })
  return attach(enter, false) && attach(exit, true)
}

function describeMissing(count: number): string {
  return `--dns=libc could not attach to ${formatPlural(count, 'libc')}: lookups through them are missing`
}

function describeHidden(count: number): string {
  return `--dns=libc cannot inspect ${formatPlural(count, 'process')} of other users (CAP_SYS_PTRACE): lookups through libcs that only they use are missing`
}

/** Attaches the return first: a call without a recorded entry is ignored. */
function attachToCalls(object: ProbeObject): void {
  const [enter, exit] = CALL_PROGRAMS
  object.attachToEvent(exit, openTracepoint('syscalls', 'sys_exit_connect'))
  object.attachToEvent(enter, openTracepoint('syscalls', 'sys_enter_connect'))
}

function noCgroup2(isContainer: boolean): TcpconnError {
  const fix = isContainer
    ? `start the container with ${ALL_OPTIONS}`
    : 'mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2'
  return new TcpconnError('E_NO_CGROUP2', {
    what: 'cannot record DNS packets on this host',
    reason: 'cgroup v2 is not mounted; the probe attaches to its root',
    hint: `${fix}; or use --dns=libc, which does not require cgroup v2`,
  })
}

function noPackets(why: string): TcpconnError {
  return new TcpconnError('E_PROBE', {
    what: 'cannot record DNS packets on this host',
    reason: `cannot attach to the root of cgroup v2 (CAP_NET_ADMIN): ${why}`,
    hint: `${hintAtCapabilities(['CAP_NET_ADMIN'])}; or use --dns=libc, or leave out --dns`,
  })
}

function noLibc(): TcpconnError {
  return new TcpconnError('E_NO_LIBC', {
    what: 'cannot record calls of getaddrinfo',
    reason: 'the probe could not attach to getaddrinfo in any libc in use (CAP_SYS_ADMIN)',
    hint: `${hintAtCapabilities(['CAP_SYS_ADMIN'])}; or use --dns, which records DNS packets and requires cgroup v2`,
  })
}
