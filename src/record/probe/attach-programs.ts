import { closeSync, openSync } from 'node:fs'
import { TcpconnError } from '../../errors.js'
import { findCgroupRoot } from '../host/cgroup-root.js'
import { findLibcs } from '../host/find-libcs.js'
import { holdFiles } from '../host/hold-files.js'
import type { ProbeOptions } from '../options/probe-options.js'
import { CALL_PROGRAMS, COMMAND_PROGRAMS, LIBC_PROGRAMS, PACKET_PROGRAMS } from './configure-probe.js'
import type { Pointer } from './libbpf.js'
import type { ProbeObject } from './probe-object.js'
import { openTracepoint } from './tracepoint.js'

const ALWAYS = ['follow_connect', 'follow_interrupted', 'follow_cgroup']

/** Attaches what the options ask for. @throws E_PROBE, E_NO_CGROUP2, E_NO_LIBC */
export function attachPrograms(object: ProbeObject, options: ProbeOptions): Pointer[] {
  const { followsCommand, dnsSource, localErrors } = options
  const links = [...ALWAYS, ...(followsCommand ? COMMAND_PROGRAMS : [])].map((name) => object.attach(name))
  if (dnsSource === 'udp') links.push(...attachToPackets(object))
  if (dnsSource === 'libc') links.push(...attachToLibcs(object))
  if (localErrors) links.push(...attachToCalls(object))
  return links
}

/** The root of cgroup v2 stands for every socket of the host. */
function attachToPackets(object: ProbeObject): Pointer[] {
  const root = findCgroupRoot()
  if (root === null) throw noCgroup2()
  const fd = openSync(root, 'r')
  try {
    return PACKET_PROGRAMS.map((name) => object.attachToCgroup(name, fd))
  } finally {
    closeSync(fd)
  }
}

/** A libc that is gone by now, or has no getaddrinfo, is left out; one has to be there. */
function attachToLibcs(object: ProbeObject): Pointer[] {
  const [enter, exit] = LIBC_PROGRAMS
  const attach = (program: string, isReturn: boolean) => (file: string) =>
    object.attachToFunction(program, file, { name: 'getaddrinfo', isReturn })
  const files = holdFiles(findLibcs())
  try {
    const links = [...files.paths.flatMap(attach(exit, true)), ...files.paths.flatMap(attach(enter, false))]
    if (links.length === 0) throw noLibc()
    return links
  } finally {
    files.close()
  }
}

/** The end first: a call whose end alone is seen is none of ours. */
function attachToCalls(object: ProbeObject): Pointer[] {
  const [enter, exit] = CALL_PROGRAMS
  return [
    object.attachToEvent(exit, openTracepoint('syscalls', 'sys_exit_connect')),
    object.attachToEvent(enter, openTracepoint('syscalls', 'sys_enter_connect')),
  ]
}

function noCgroup2(): TcpconnError {
  return new TcpconnError('E_NO_CGROUP2', {
    what: 'cannot see DNS packets on this host',
    reason: 'cgroup v2 is not mounted: the probe sees packets at its root',
    hint: 'mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2; or take --dns=libc, which needs none',
  })
}

function noLibc(): TcpconnError {
  return new TcpconnError('E_NO_LIBC', {
    what: 'cannot see what programs ask libc for',
    reason: 'the probe could be attached to getaddrinfo of no libc in use',
    hint: 'take --dns, which sees DNS packets; it needs cgroup v2',
  })
}
