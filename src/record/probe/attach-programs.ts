import { closeSync } from 'node:fs'
import { TcpconnError } from '../../errors.js'
import { formatPlural } from '../../show/format-number.js'
import { findCgroupRoot, openCgroup } from '../host/cgroup-root.js'
import { findLibcs } from '../host/find-libcs.js'
import { holdLibcs, MAX_LIBCS, type HeldLibc } from '../host/hold-libcs.js'
import { requireLibcMachine } from '../host/libc-machine.js'
import type { ProbeOptions } from '../options/probe-options.js'
import type { Approach } from './approach.js'
import { CALL_PROGRAMS, COMMAND_PROGRAMS, LIBC_PROGRAMS, PACKET_PROGRAMS } from './configure-probe.js'
import { lastErrno } from './libbpf.js'
import type { ProbeObject } from './probe-object.js'
import { openTracepoint } from './tracepoint.js'

const TOO_MANY_LIBCS = `--dns=libc follows at most ${MAX_LIBCS} libcs, those that most processes use: there are more here, or files that call themselves so, and names that are asked of them are missing`

/**
 * Attaches what the options ask for.
 * @returns what is not followed all the same, a line each
 * @throws E_PROBE, E_NO_CGROUP2, E_NO_LIBC
 */
export function attachPrograms(object: ProbeObject, options: ProbeOptions, approach: Approach): string[] {
  const { followsCommand, dnsSource, localErrors } = options
  const followed = followsCommand ? COMMAND_PROGRAMS : []
  for (const name of [...approach.followers, ...approach.catchers, 'follow_cgroup', ...followed]) object.attach(name)
  if (dnsSource === 'udp') attachToPackets(object)
  const gaps = dnsSource === 'libc' ? attachToLibcs(object) : []
  if (localErrors) attachToCalls(object)
  return gaps
}

/** The root of cgroup v2 stands for every socket of the host. */
function attachToPackets(object: ProbeObject): void {
  const root = findCgroupRoot()
  const fd = root === null ? null : openCgroup(root)
  if (fd === null) throw noCgroup2()
  try {
    for (const name of PACKET_PROGRAMS) {
      if (!object.attachToCgroup(name, fd)) throw noPackets(object.libbpf.strerror(lastErrno()))
    }
  } finally {
    closeSync(fd)
  }
}

/** A libc that is gone by now, or has no getaddrinfo, is left out; one has to be there. */
function attachToLibcs(object: ProbeObject): string[] {
  const held = holdLibcs(findLibcs(), requireLibcMachine())
  try {
    const missing = held.libcs.filter((libc) => !attachToLibc(object, libc)).length
    if (missing === held.libcs.length) throw noLibc()
    return [...(held.isCut ? [TOO_MANY_LIBCS] : []), ...(missing > 0 ? [describeMissing(missing)] : [])]
  } finally {
    held.close()
  }
}

/** The end first: a call whose end alone is seen is none of ours. */
function attachToLibc(object: ProbeObject, { path, resolverOffset }: HeldLibc): boolean {
  const [enter, exit] = LIBC_PROGRAMS
  const attach = (program: string, isReturn: boolean) =>
    object.attachToFunction(program, path, { offsetBytes: resolverOffset, isReturn })
  return attach(exit, true) && attach(enter, false)
}

function describeMissing(count: number): string {
  return `--dns=libc could not be attached to ${formatPlural(count, 'libc')}: names that are asked of them are missing`
}

/** The end first: a call whose end alone is seen is none of ours. */
function attachToCalls(object: ProbeObject): void {
  const [enter, exit] = CALL_PROGRAMS
  object.attachToEvent(exit, openTracepoint('syscalls', 'sys_exit_connect'))
  object.attachToEvent(enter, openTracepoint('syscalls', 'sys_enter_connect'))
}

function noCgroup2(): TcpconnError {
  return new TcpconnError('E_NO_CGROUP2', {
    what: 'cannot see DNS packets on this host',
    reason: 'cgroup v2 is not mounted: the probe sees packets at its root',
    hint: 'mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2; or take --dns=libc, which needs none',
  })
}

function noPackets(why: string): TcpconnError {
  return new TcpconnError('E_PROBE', {
    what: 'cannot see DNS packets on this host',
    reason: `attaching to the root of cgroup v2: ${why}`,
    hint: 'run it as root: this takes CAP_NET_ADMIN; or take --dns=libc, or leave out --dns',
  })
}

function noLibc(): TcpconnError {
  return new TcpconnError('E_NO_LIBC', {
    what: 'cannot see what programs ask libc for',
    reason: 'the probe could be attached to getaddrinfo of no libc in use',
    hint: 'run it as root: this takes CAP_SYS_ADMIN; or take --dns, which sees DNS packets and needs cgroup v2',
  })
}
