import { parse } from 'tldts'
import { formatAddress, parseAddress } from '../../../attempt/address.js'
import type { AddressPseudonyms } from './address-pseudonyms.js'
import type { NameText } from './tokens.js'

/** Suffixes for private use, which no registry lists (RFC 6761, RFC 6762, RFC 8375, Kubernetes). */
const PRIVATE_SUFFIXES = [
  'internal',
  'local',
  'localdomain',
  'localhost',
  'lan',
  'test',
  'example',
  'invalid',
  'onion',
  'cluster.local',
  'svc.cluster.local',
  'pod.cluster.local',
]
/** A label that the list of public suffixes does not have: it has names of hosts. */
const NO_LABEL = '_'
/** Names that are the same everywhere */
const KEPT_NAMES = ['.', 'localhost', 'localhost.localdomain']

/**
 * A token for each label; number of labels and public suffix stay. The token of a label depends on all labels behind it, so that
 * knowing `www` of one domain says nothing about another domain. Suffixes of hosting companies (`github.io`) get tokens too.
 * An address in place of a name is replaced as an address.
 * @param addresses `null`: addresses are left out, and one in place of a name gets a token
 */
export function nameDns(
  name: string,
  token: NameText,
  addresses: Pick<AddressPseudonyms, 'of'> | null,
  length?: number,
): string {
  if (KEPT_NAMES.includes(name)) return name
  const address = parseAddress(name)
  if (address !== null) return addresses === null ? token('name', name, length) : formatAddress(addresses.of(address))
  const labels = splitLabels(name)
  const kept = Math.min(countSuffixLabels(name, labels), labels.length - 1)
  const named = labels.map((label, i) => {
    const behind = labels.length - kept - 1 - i
    if (behind < 0) return label
    return token(behind === 0 && kept > 0 ? 'domain' : 'name', labels.slice(i).join('.'), length)
  })
  return named.join('.')
}

function countSuffixLabels(name: string, labels: readonly string[]): number {
  const own = PRIVATE_SUFFIXES.filter((suffix) => name.endsWith(`.${suffix}`))
  const suffixes = [...own, listedSuffix(name)].map((suffix) => (suffix === '' ? [] : suffix.split('.')))
  // The list does not know escaped dots: `bar\.com` is one label, and does not end in the label `com`.
  const whole = suffixes.filter((suffix) => labels.slice(-suffix.length).join('.') === suffix.join('.'))
  return Math.max(0, ...whole.map((suffix) => suffix.length))
}

/**
 * The suffix of a registry, or ''. Where any label is one (`*.ck`), the list takes the label of a customer as the first of the
 * suffix: it is left out.
 */
function listedSuffix(name: string): string {
  const suffix = parseSuffix(name)
  const first = suffix.indexOf('.')
  if (first === -1) return suffix
  const parent = suffix.slice(first)
  return parseSuffix(NO_LABEL + parent) === NO_LABEL + parent ? parent.slice(1) : suffix
}

function parseSuffix(name: string): string {
  const listed = parse(name, { extractHostname: false, validateHostname: false, allowPrivateDomains: false })
  return (listed.isIcann && listed.publicSuffix) || ''
}

/** A dot inside a label is escaped: `\.`. */
export function splitLabels(name: string): string[] {
  return name.match(/(?:\\[^]|[^.\\])+/g) ?? [name]
}
