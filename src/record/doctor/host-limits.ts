import { release } from 'node:os'
import { hasV1Containers, MAX_LOOKS, readCgroupSources } from '../host/cgroup-v1.js'
import { CAPABILITY, hasCapability, readCapabilities } from '../host/privileges.js'
import { messageOf } from '../../base/errors.js'
import type { HostView } from '../host/host-view.js'
import { findConnectPrograms, MAX_CGROUPS, type ConnectPrograms } from '../probe/connect-programs.js'
import { isKernelAtLeast } from '../probe/kernel-support.js'
import { openLibbpf } from '../native/libbpf.js'

const V1_REMEDY =
  'boot with systemd.unified_cgroup_hierarchy=1; without it, tcpconn analyze latency --by netns separates most of them'
const NO_PATHS = 'cgroup v2 is not mounted: cgroups created before the recording have no path'
/** First kernel with a cookie in struct net. */
const COOKIE_KERNEL = '5.12'

/**
 * Limits of this host for a recording, one sentence each. Checked at the start of a recording; requires the probe's
 * privileges.
 * @param keepsAsked whether the address passed to connect(2) is recorded too
 */
export function findHostLimits(host: Pick<HostView, 'cgroups' | 'root'>, keepsAsked = false): string[] {
  // In a container this is a gap of the host view.
  const paths = host.cgroups === null && host.root === '/' ? [NO_PATHS] : []
  try {
    return [...paths, ...hostChecks(host, keepsAsked).flatMap(({ found, isLimit }) => (isLimit ? [found] : []))]
  } catch (error) {
    // Recording continues.
    return [
      ...paths,
      `cannot check for containers under cgroup v1 and for a redirected connect(2): ${messageOf(error)}`,
    ]
  }
}

/** Checks of the host whose failure does not prevent recording. */
export function hostChecks(
  { cgroups }: Pick<HostView, 'cgroups'>,
  keepsAsked = false,
): (Check & { readonly isLimit: boolean })[] {
  const root = cgroups?.path ?? null
  return [
    checkContainers(hasV1Containers(readCgroupSources(root))),
    ...(keepsAsked ? [] : [checkAddresses(findConnectPrograms(openLibbpf(), root))]),
    checkNamespaces(),
    checkNames(),
  ]
}

/** @param hasThem `null`: not all cgroups and processes were checked */
export function checkContainers(hasThem: boolean | null): Check & { readonly isLimit: boolean } {
  const name = 'containers'
  if (hasThem === null) {
    const found = `no container under cgroup v1 among the first ${MAX_LOOKS} cgroups and processes; the others are not checked: attempts of their containers may have the cgroup of the program that started the container`
    return { name, found, todo: V1_REMEDY, isOptional: true, isLimit: true }
  }
  if (!hasThem) return { name, found: 'all containers are in cgroup v2', todo: null, isLimit: false }
  return {
    name,
    found:
      'containers under cgroup v1 cannot be distinguished: their attempts have the cgroup of the program that started the container, mostly /',
    todo: V1_REMEDY,
    isOptional: true,
    isLimit: true,
  }
}

/** @param programs `null`: they cannot be listed */
export function checkAddresses(programs: ConnectPrograms | null): Check & { readonly isLimit: boolean } {
  const name = 'addresses'
  if (programs === null) {
    const found = 'cannot list BPF programs on connect(2): if there are any, remote addresses may be those of backends'
    return { name, found, todo: 'grant CAP_NET_ADMIN, and mount cgroup v2', isOptional: true, isLimit: true }
  }
  const { names, isCut } = programs
  if (names.length === 0 && isCut) {
    const found = `no BPF program redirects connect(2) in the first ${MAX_CGROUPS} cgroups; the others are not checked: remote addresses of their attempts may be those of backends`
    return { name, found, todo: 'list them with bpftool cgroup tree', isOptional: true, isLimit: true }
  }
  if (names.length === 0) return { name, found: 'no BPF program redirects connect(2)', todo: null, isLimit: false }
  return {
    name,
    found: `BPF programs may redirect connect(2) (${names.join(', ')}): remote addresses may be those of backends, which do not match DNS names of services`,
    todo: 'record with --nat: service_address is the address that the program requested, and matches its DNS name',
    isOptional: true,
    isLimit: true,
  }
}

/** The inode number of a removed network namespace is reused. */
export function checkNamespaces(kernel = release()): Check & { readonly isLimit: boolean } {
  const name = 'namespaces'
  if (isKernelAtLeast(kernel, COOKIE_KERNEL)) {
    return { name, found: 'network namespaces have cookies', todo: null, isLimit: false }
  }
  return {
    name,
    found: `network namespaces have no cookies before Linux ${COOKIE_KERNEL}: a namespace that reuses the inode number of a removed one counts as the same, and its attempts may get DNS names of the removed one`,
    todo: `boot kernel ${COOKIE_KERNEL} or newer`,
    isOptional: true,
    isLimit: true,
  }
}

/**
 * Whether the files of runtimes are readable, which root owns. In a container without the host's files, this is a gap of
 * the host view.
 */
export function checkNames(
  capabilities = readCapabilities(),
  isRoot = process.getuid?.() === 0,
): Check & { readonly isLimit: boolean } {
  const name = 'names'
  if (hasCapability(capabilities, CAPABILITY.dac_read_search)) {
    return { name, found: 'files of container runtimes are readable', todo: null, isLimit: false }
  }
  if (isRoot) {
    const found = "files of root's container runtimes are readable, those of other users are not (CAP_DAC_READ_SEARCH)"
    return { name, found, todo: null, isLimit: false }
  }
  return {
    name,
    found: 'CAP_DAC_READ_SEARCH is missing: only containers whose files this user may read have names',
    todo: 'grant CAP_DAC_READ_SEARCH',
    isOptional: true,
    isLimit: true,
  }
}

/** One requirement of recording. */
export interface Check {
  readonly name: string
  /** The result of the check */
  readonly found: string
  /** The required action, `null` if the check passed */
  readonly todo: string | null
  /** Whether recording works without it, apart from one feature. */
  readonly isOptional?: boolean
}
