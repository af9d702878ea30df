import { existsSync } from 'node:fs'
import { release } from 'node:os'
import { messageOf, TcpconnError } from '../../base/errors.js'
import { openDatabase } from '../../store/open-database.js'
import { formatBytes } from '../../text/format-number.js'
import { safeText } from '../../text/safe-text.js'
import type { CgroupTree } from '../host/cgroup-tree.js'
import { openHostView, type HostView } from '../host/host-view.js'
import { hintAtCapabilities, missingCapabilities } from '../host/privileges.js'
import { NO_RECORD_FILTERS, DEFAULT_DNS_PORTS, type ProbeOptions } from '../options/record-options.js'
import { BTF_PATH, isKernelSupported, MINIMUM_KERNEL } from '../probe/kernel-support.js'
import { openLibbpf } from '../native/libbpf.js'
import { loadProbe, RING_BYTES } from '../probe/load-probe.js'
import { ATTEMPT_BYTES } from '../probe/ring-reader.js'
import { PROBE_OBJECT } from '../probe/probe-file.js'
import { type Check, hostChecks } from './host-limits.js'

/**
 * Prints one line per check: ok, or the required action.
 * @param host the visible part of the host
 * @returns the exit status: 1 if this host cannot record
 */
export function runDoctor(host: HostView = openHostView()): number {
  const basics = [
    checkKernel(),
    checkBtf(),
    checkLibbpf(),
    checkSqlite(),
    checkPrivileges(),
    checkCgroup(host.cgroups, host.root !== '/'),
    ...checkContainer(host),
    checkProbeFile(),
  ]
  const canTry = basics.every((check) => check.todo === null || check.isOptional)
  const checks = [
    ...basics,
    ...(canTry
      ? [tryProbe(host), ...FEATURES.map((feature) => tryFeature(feature, host)), ...hostChecks(host)]
      : [notTried()]),
  ]
  for (const line of checks.flatMap(renderCheck)) process.stdout.write(`${line}\n`)
  return checks.every((check) => check.todo === null || check.isOptional) ? 0 : 1
}

/** `ok`, `--` if one feature does not work, or `no`; the required action follows on the next line. */
export function renderCheck(check: Check): string[] {
  const mark = check.todo === null ? 'ok' : check.isOptional ? '--' : 'no'
  const line = `${mark}  ${check.name.padEnd(12)}${safeText(check.found)}`
  return check.todo === null ? [line] : [line, `    ${''.padEnd(12)}${safeText(check.todo)}`]
}

export function checkKernel(kernel = release()): Check {
  const todo = isKernelSupported(kernel) ? null : `boot kernel ${MINIMUM_KERNEL} or newer: it has BPF ring buffers`
  return { name: 'kernel', found: `Linux ${kernel}`, todo }
}

export function checkBtf(path = BTF_PATH): Check {
  if (existsSync(path)) return { name: 'BTF', found: path, todo: null }
  return {
    name: 'BTF',
    found: `${path} is missing`,
    todo: 'use a distribution kernel, or build yours with CONFIG_DEBUG_INFO_BTF=y',
  }
}

export function checkLibbpf(soname?: string): Check {
  try {
    return { name: 'libbpf', found: `version ${openLibbpf(soname).versionString().replace(/^v/, '')}`, todo: null }
  } catch (error) {
    const [reason, hint] = explain(error)
    return { name: 'libbpf', found: `${messageOf(error)}: ${reason}`, todo: hint }
  }
}

/** Its native code may be compiled for another Node.js version. */
export function checkSqlite(open = openDatabase): Check {
  try {
    const db = open(':memory:')
    const version = String(db.prepare('SELECT sqlite_version()').pluck().get())
    db.close()
    return { name: 'SQLite', found: `version ${version}`, todo: null }
  } catch (error) {
    const [reason, hint] = explain(error)
    return { name: 'SQLite', found: `${messageOf(error)}: ${reason}`, todo: hint }
  }
}

export function checkPrivileges(missing = missingCapabilities(), isRoot = process.getuid?.() === 0): Check {
  if (missing.length === 0) return { name: 'privileges', found: 'allowed to load BPF programs', todo: null }
  return {
    name: 'privileges',
    found: `missing ${missing.join(', ')}`,
    todo: isRoot ? hintAtCapabilities(missing) : 'run it as root: sudo tcpconn doctor',
  }
}

/** @param isContainer in a container `checkContainer` names the required options */
export function checkCgroup(tree: CgroupTree | null, isContainer = false): Check {
  const name = 'cgroup v2'
  // Mounted by descriptor for the recorder alone.
  if (tree?.path.startsWith('/proc/self/fd/'))
    return { name, found: 'the whole tree, through a private mount', todo: null }
  if (tree?.isWhole) return { name, found: `mounted at ${tree.path}`, todo: null }
  if (tree !== null) return { name, found: `a part of the tree is mounted at ${tree.path}`, todo: null }
  if (isContainer) return { name, found: 'not mounted in this container', todo: null }
  return {
    name,
    found: 'not mounted: recording works, cgroup paths and --cgroup do not',
    // A mount over /sys/fs/cgroup would hide the controllers of version 1, and that file system is often read-only.
    todo: 'mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2, or boot with systemd.unified_cgroup_hierarchy=1',
    isOptional: true,
  }
}

/** Parts of the host that are not visible in this container. Empty on a host. */
export function checkContainer({ gaps }: Pick<HostView, 'gaps'>): Check[] {
  return gaps.map((gap) => {
    const [found = '', todo = null] = gap.split(/; (?=start it with |run the recorder )/)
    return { name: 'container', found, todo, isOptional: true }
  })
}

function checkProbeFile(): Check {
  if (existsSync(PROBE_OBJECT)) return { name: 'probe', found: PROBE_OBJECT, todo: null }
  return { name: 'probe', found: `${PROBE_OBJECT} is missing`, todo: 'build it: script/bootstrap' }
}

const PLAIN: Omit<ProbeOptions, 'host'> = {
  filters: NO_RECORD_FILTERS,
  followsCommand: false,
  dnsSource: null,
  dnsPorts: DEFAULT_DNS_PORTS,
  localErrors: false,
  nat: false,
}

/** An optional feature of a recording, and its options. */
interface Feature {
  readonly name: string
  readonly option: string
  readonly probe: Partial<ProbeOptions>
  /** The required action if it works in part */
  readonly remedy?: string
}

const FEATURES: readonly Feature[] = [
  { name: 'DNS', option: '--dns', probe: { dnsSource: 'udp' } },
  {
    name: 'getaddrinfo',
    option: '--dns=libc',
    probe: { dnsSource: 'libc' },
    remedy: 'use --dns to record lookups from DNS packets',
  },
  {
    name: 'NAT',
    option: '--nat',
    probe: { nat: true },
    remedy: 'boot Linux 5.15 or newer with connection tracking (CONFIG_NF_CONNTRACK)',
  },
  { name: 'connect(2)', option: '--local-errors', probe: { localErrors: true } },
]

function tryFeature({ name, option, probe, remedy = 'report this' }: Feature, host: HostView): Check {
  try {
    const loaded = loadProbe({ ...PLAIN, host, ...probe })
    loaded.close()
    if (loaded.gaps.length === 0) return { name, found: `${option} works`, todo: null }
    return { name, found: `${option} works in part: ${loaded.gaps.join('; ')}`, todo: remedy, isOptional: true }
  } catch (error) {
    const [reason, hint] = explain(error)
    return { name, found: `${option} does not work: ${messageOf(error)}: ${reason}`, todo: hint, isOptional: true }
  }
}

/** Loads and attaches the probe, and unloads it again. */
function tryProbe(host: HostView): Check {
  try {
    loadProbe({ ...PLAIN, host }).close()
    return {
      name: 'ring',
      found: `${formatBytes(RING_BYTES)} (${Math.floor(RING_BYTES / ATTEMPT_BYTES)} attempts), probe loads and attaches`,
      todo: null,
    }
  } catch (error) {
    const [reason, hint] = explain(error)
    return { name: 'ring', found: `${messageOf(error)}: ${reason}`, todo: hint }
  }
}

function explain(error: unknown): [reason: string, hint: string] {
  return error instanceof TcpconnError ? [error.reason, error.hint] : [messageOf(error), 'report this']
}

function notTried(): Check {
  const found = `${formatBytes(RING_BYTES)} (${Math.floor(RING_BYTES / ATTEMPT_BYTES)} attempts), not tested`
  return { name: 'ring', found, todo: 'fix the above first, then run tcpconn doctor again' }
}
