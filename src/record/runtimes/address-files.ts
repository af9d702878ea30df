import { formatAddress, parseAddress } from '../../attempt/address.js'
import { readBolt } from './bolt-file.js'
import { cleanText, fieldOf, fieldsOf, parseFields, textOf, type Fields } from './json-fields.js'

/** Limit of addresses of a container, of which most have one or two. */
export const MAX_ADDRESSES = 16
/** Longer than any address with its prefix length. */
const MAX_TEXT = 64

/** Docker's config.v2.json: addresses of all networks of a container that runs. It is written after the start. */
export function readDockerAddresses(text: string): string[] {
  const root = parseFields(text)
  if (fieldOf(fieldsOf(fieldOf(root, 'State')), 'Running') !== true) return []
  const networks = fieldsOf(fieldOf(fieldsOf(fieldOf(root, 'NetworkSettings')), 'Networks'))
  return addressesOf(
    Object.values(networks)
      .map(fieldsOf)
      .flatMap((network) => [fieldOf(network, 'IPAddress'), fieldOf(network, 'GlobalIPv6Address')]),
  )
}

/** A cached result of the Container Network Interface. */
export interface CniResult {
  /** Of the container, or of the sandbox of its pod, as the runtime calls it: often with its namespace and a hyphen before */
  readonly containerId: string | null
  /** Pod of Kubernetes */
  readonly pod: PodName | null
  readonly addresses: readonly string[]
}

/** A pod of Kubernetes. */
export interface PodName {
  readonly name: string
  readonly namespace: string
  /** `null`: not known */
  readonly uid: string | null
}

/** A file of libcni (cache.go). Results before version 0.3 of the specification have `ip4` and `ip6`. */
export function readCniResult(text: string): CniResult {
  const root = parseFields(text)
  const result = fieldsOf(fieldOf(root, 'result'))
  const interfaces = listOf(fieldOf(result, 'interfaces')).map(fieldsOf)
  const ips = listOf(fieldOf(result, 'ips')).map(fieldsOf)
  const ofVersion2 = ['ip4', 'ip6'].map((family) => fieldOf(fieldsOf(fieldOf(result, family)), 'ip'))
  return {
    containerId: textOf(root, 'containerId'),
    pod: readPod(listOf(fieldOf(root, 'cniArgs'))),
    addresses: addressesOf([
      ...ips.filter((ip) => isInContainer(ip, interfaces)).map((ip) => fieldOf(ip, 'address')),
      ...ofVersion2,
    ]),
  }
}

/** Arguments of CRI's runtimes, which kubelet's plugins expect: pairs of a name and a value. */
function readPod(args: readonly unknown[]): PodName | null {
  const valueOf = (name: string) => cleanText(args.map(listOf).find((pair) => pair[0] === name)?.[1])
  const [name, namespace] = [valueOf('K8S_POD_NAME'), valueOf('K8S_POD_NAMESPACE')]
  return name === null || namespace === null ? null : { name, namespace, uid: valueOf('K8S_POD_UID') }
}

/** A plugin may also list the address of a bridge of the host. */
function isInContainer(ip: Fields, interfaces: readonly Fields[]): boolean {
  const at = fieldOf(ip, 'interface')
  const ofIp = typeof at === 'number' ? interfaces[at] : undefined
  return ofIp === undefined || ![undefined, ''].includes(fieldOf(ofIp, 'sandbox') as string | undefined)
}

/** netavark's ipam.db, which Podman writes: network → `ids` → container → JSON list of addresses. */
export function readNetavarkAddresses(file: Buffer): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const network of readBolt(file)?.buckets.values() ?? []) {
    for (const [id, value] of network.buckets.get('ids')?.values ?? []) {
      found.set(id, addressesOf([...(found.get(id) ?? []), ...listOf(parseList(value.toString()))]))
    }
  }
  return found
}

/** Addresses in the configuration of a container of LXC (lxc.container.conf(5)); most get theirs from DHCP. */
export function readLxcAddresses(text: string): string[] {
  return addressesOf([...text.matchAll(LXC_ADDRESS)].map(([, address]) => address))
}

const LXC_ADDRESS = /^[ \t]*lxc\.net\.\d{1,9}\.ipv[46]\.address[ \t]*=[ \t]*([0-9A-Fa-f.:]{2,45})(?:[/ \t\r].*)?$/gm

/** Addresses as `formatAddress` writes them, at most `MAX_ADDRESSES`; all that cannot belong to one container are left out. */
function addressesOf(values: readonly unknown[]): string[] {
  return values
    .filter((value) => value !== undefined)
    .slice(0, MAX_ADDRESSES)
    .map(cleanAddress)
    .filter((address) => address !== null)
}

/** @returns `null` for other text, and for addresses that many hosts or containers have at the same time */
function cleanAddress(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_TEXT) return null
  const bytes = parseAddress(value.replace(/\/\d{1,3}$/, ''))
  if (bytes === null || SHARED.some(([prefix, length]) => startsWith(bytes, prefix, length))) return null
  return formatAddress(bytes)
}

/** Unspecified, loopback, link-local, multicast, broadcast: the first bytes, and how many bits of them count. */
const SHARED = (
  [
    ['0.0.0.0', 8 + 96],
    ['127.0.0.0', 8 + 96],
    ['169.254.0.0', 16 + 96],
    ['224.0.0.0', 3 + 96],
    ['::', 127],
    ['fe80::', 10],
    ['ff00::', 8],
  ] as const
).map(([text, bits]) => [parseAddress(text) as Uint8Array, bits] as const)

function startsWith(bytes: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  const whole = bits >> 3
  const rest = 0xff00 >> (bits & 7)
  for (let i = 0; i < whole; i++) if (bytes[i] !== prefix[i]) return false
  return whole === 16 || ((bytes[whole] as number) & rest & 0xff) === ((prefix[whole] as number) & rest & 0xff)
}

function parseList(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return []
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
