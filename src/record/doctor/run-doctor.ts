import { existsSync } from 'node:fs'
import { release } from 'node:os'
import { messageOf, TcpconnError } from '../../errors.js'
import { openDatabase } from '../../store/open-database.js'
import { formatBytes } from '../../show/format-number.js'
import { safeText } from '../../show/safe-text.js'
import { findCgroupRoot } from '../host/cgroup-root.js'
import { missingCapabilities } from '../host/privileges.js'
import { NO_FILTERS } from '../options/record-filters.js'
import type { ProbeOptions } from '../options/probe-options.js'
import { BTF_PATH, isKernelSupported, MINIMUM_KERNEL } from '../probe/kernel-support.js'
import { openLibbpf } from '../probe/libbpf.js'
import { loadProbe, RING_BYTES } from '../probe/load-probe.js'
import { ATTEMPT_BYTES } from '../probe/ring-reader.js'
import { PROBE_OBJECT } from '../probe/probe-file.js'

/** One thing that recording needs. */
export interface Check {
  readonly name: string
  /** What was found */
  readonly found: string
  /** The exact thing to do, `null` when all is well */
  readonly todo: string | null
  /** Recording works without it, a part of it does not. */
  readonly isOptional?: boolean
}

/**
 * Prints a line per check, with ok or what to do.
 * @returns the exit status: 1 when this host cannot record as things are
 */
export function runDoctor(): number {
  const basics = [
    checkKernel(),
    checkBtf(),
    checkLibbpf(),
    checkSqlite(),
    checkPrivileges(),
    checkCgroup(),
    checkProbeFile(),
  ]
  const canTry = basics.every((check) => check.todo === null || check.isOptional)
  const checks = [...basics, ...(canTry ? [tryProbe(), ...FEATURES.map(tryFeature)] : [notTried()])]
  for (const line of checks.flatMap(renderCheck)) process.stdout.write(`${line}\n`)
  return checks.every((check) => check.todo === null || check.isOptional) ? 0 : 1
}

/** `ok`, `--` for what only costs a part, or `no`; what to do stands below. */
export function renderCheck(check: Check): string[] {
  const mark = check.todo === null ? 'ok' : check.isOptional ? '--' : 'no'
  const line = `${mark}  ${check.name.padEnd(12)}${safeText(check.found)}`
  return check.todo === null ? [line] : [line, `    ${''.padEnd(12)}${safeText(check.todo)}`]
}

export function checkKernel(kernel = release()): Check {
  const todo = isKernelSupported(kernel) ? null : `boot a kernel from ${MINIMUM_KERNEL} on: it has BPF ring buffers`
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

/** Its native code may have been compiled for another Node.js. */
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

export function checkPrivileges(missing = missingCapabilities()): Check {
  if (missing.length === 0) return { name: 'privileges', found: 'may load BPF programs', todo: null }
  return { name: 'privileges', found: `missing ${missing.join(', ')}`, todo: 'run it as root: sudo tcpconn doctor' }
}

export function checkCgroup(root = findCgroupRoot()): Check {
  if (root !== null) return { name: 'cgroup v2', found: `mounted at ${root}`, todo: null }
  return {
    name: 'cgroup v2',
    found: 'not mounted: recording works, cgroup paths and --cgroup do not',
    // Over /sys/fs/cgroup it would hide the controllers of version 1, and what is mounted there is often read-only.
    todo: 'mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2, or boot with systemd.unified_cgroup_hierarchy=1',
    isOptional: true,
  }
}

function checkProbeFile(): Check {
  if (existsSync(PROBE_OBJECT)) return { name: 'probe', found: PROBE_OBJECT, todo: null }
  return { name: 'probe', found: `${PROBE_OBJECT} is missing`, todo: 'build it: script/bootstrap' }
}

const PLAIN: ProbeOptions = { filters: NO_FILTERS, followsCommand: false, dnsSource: null, localErrors: false }

/** What a recording can do beside, and the options that it takes. */
interface Feature {
  readonly name: string
  readonly option: string
  readonly probe: Partial<ProbeOptions>
}

const FEATURES: readonly Feature[] = [
  { name: 'DNS', option: '--dns', probe: { dnsSource: 'udp' } },
  { name: 'getaddrinfo', option: '--dns=libc', probe: { dnsSource: 'libc' } },
  { name: 'connect(2)', option: '--local-errors', probe: { localErrors: true } },
]

function tryFeature({ name, option, probe }: Feature): Check {
  try {
    loadProbe({ ...PLAIN, ...probe }).close()
    return { name, found: `${option} works`, todo: null }
  } catch (error) {
    const [reason, hint] = explain(error)
    return { name, found: `${option} does not work: ${messageOf(error)}: ${reason}`, todo: hint, isOptional: true }
  }
}

/** The proof: loads and attaches the probe, and lets it go again. */
function tryProbe(): Check {
  try {
    loadProbe(PLAIN).close()
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
  const found = `${formatBytes(RING_BYTES)} (${Math.floor(RING_BYTES / ATTEMPT_BYTES)} attempts), not tried yet`
  return { name: 'ring', found, todo: 'mend the above first, then run tcpconn doctor again' }
}
