import { existsSync } from 'node:fs'
import { formatAddress, isUnspecified, nameEndpoint } from '../../attempt/address.js'
import { TcpconnError, UsageError } from '../../base/errors.js'
import { findDamage } from '../../store/find-damage.js'
import { safeLine, safeText } from '../../text/safe-text.js'
import { withTraces } from '../scan/trace.js'
import { LEVELS, parseTreatment, type Level } from './fields.js'
import { findKnownAddresses, type KnownAddress } from './find-known-addresses.js'
import { findOriginals } from './find-originals.js'
import { readKey } from './keyed/key-file.js'
import { createShareKey } from './keyed/share-key.js'
import { parsePseudonym, type CopiedPseudonym } from './parse-pseudonym.js'
import { portClass } from './port-class.js'
import { createPseudonyms, type Pseudonyms } from './pseudonyms.js'

/** Options of `tcpconn reveal`, as typed. */
export interface RevealOptions {
  readonly key?: string
  readonly trace?: string
  readonly level: string
}

const DEFAULT_TRACE = 'tcpconn.db'
/** Reasons that an error has, at most */
const MAX_REASONS = 3

/** The originals of a pseudonym, or the reason why none was found. */
type Revealed =
  | { readonly originals: readonly string[]; readonly isVerified: boolean }
  | { readonly originals: null; readonly reason: string }

/** What is known to reveal with. */
interface Known {
  /** The asked level first */
  readonly levels: readonly Pseudonyms[]
  /** The original trace; `null`: not given, so nothing is checked */
  readonly trace: OriginalTrace | null
}

interface OriginalTrace {
  readonly path: string
  /** Whether the user named it */
  readonly isNamed: boolean
  /** By pseudonym */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>
  /** By address */
  readonly addresses: ReadonlyMap<string, KnownAddress>
}

/**
 * Prints the originals of pseudonyms: addresses are decrypted, and looked for in the original trace if there is one; names are looked
 * for in it.
 * @throws UsageError, E_KEY, E_NO_ORIGINAL, the errors of `openTrace`
 */
export function reveal(typed: readonly string[], options: RevealOptions): void {
  if (typed.some((text) => text.trim() === ''))
    throw new UsageError('PSEUDONYM', '', 'an address, a token, or a name made of tokens')
  const copied = typed.map(parsePseudonym)
  const known = readKnown(copied, options)
  const revealed = copied.map((one) => Object.assign(revealOne(one, known), { typed: one.typed }))
  for (const { typed: pseudonym, originals } of revealed) {
    for (const original of originals ?? []) process.stdout.write(`${safeText(pseudonym)}\t${safeText(original)}\n`)
  }
  const unverified = revealed.filter((one) => one.originals !== null && !one.isVerified)
  if (unverified.length > 0) {
    const why = known.trace === null ? 'no original trace is given' : `not in ${known.trace.path}`
    const names = unverified.map((one) => one.typed).join(', ')
    process.stderr.write(
      `${safeLine(`not verified: ${names}: ${why}. Every address decrypts to some address, also with another key: --trace FILE checks it`)}\n`,
    )
  }
  const reasons = revealed.flatMap((one) => (one.originals === null ? [[one.typed, one.reason] as const] : []))
  if (reasons.length > 0) throw noOriginal(reasons)
}

function readKnown(copied: readonly CopiedPseudonym[], { key: path, trace, level }: RevealOptions): Known {
  if (path === undefined) throw noKey()
  const key = createShareKey(readKey(path))
  const { level: asked } = parseTreatment({ level })
  const inOrder = [asked, ...LEVELS.filter((one) => one !== asked)]
  const levels = inOrder.map((one: Level) => createPseudonyms(key, parseTreatment({ level: one })))
  const isNeeded = trace !== undefined || copied.some(({ address }) => address === null)
  if (!isNeeded && !existsSync(DEFAULT_TRACE)) return { levels, trace: null }
  return { levels, trace: readTrace(trace ?? DEFAULT_TRACE, trace !== undefined, copied, levels) }
}

function readTrace(
  path: string,
  isNamed: boolean,
  copied: readonly CopiedPseudonym[],
  levels: readonly Pseudonyms[],
): OriginalTrace {
  const names = new Set(copied.flatMap(({ address, name }) => (address === null ? [name, ...name.split('/')] : [])))
  const addresses = new Set(
    copied.flatMap(({ address }) =>
      address === null ? [] : [formatAddress(address), ...levels.map((level) => decrypt(level, address))],
    ),
  )
  try {
    return withTraces([path], ([trace]) => ({
      path,
      isNamed,
      names: names.size === 0 ? new Map<string, ReadonlySet<string>>() : findOriginals(trace!.db, levels, names),
      addresses: addresses.size === 0 ? new Map<string, KnownAddress>() : findKnownAddresses(trace!.db, addresses),
    }))
  } catch (error) {
    throw findDamage([path], error)
  }
}

function decrypt({ addresses }: Pseudonyms, address: Uint8Array): string {
  return formatAddress(addresses.original(address))
}

function revealOne(copied: CopiedPseudonym, known: Known): Revealed {
  const { address, name } = copied
  return address === null ? revealName(name, known.trace as OriginalTrace) : revealAddress(address, copied, known)
}

/** Also `NAMESPACE/POD`, as `top` and `replay` print them: each part is a pseudonym. */
function revealName(name: string, { names, path }: OriginalTrace): Revealed {
  const originals = names.get(name) ?? joinParts(name.split('/').map((part) => names.get(part) ?? new Set()))
  if (originals.size > 0) return { originals: [...originals], isVerified: true }
  if (/^\d+$/.test(name)) return { originals: null, reason: `${name} is a number: numbers are not revealed` }
  return { originals: null, reason: `with this key, no name of ${path} has the pseudonym ${name}` }
}

/** All paths of one original of each part; none if a part has none. */
function joinParts([first = new Set(), ...rest]: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  if (rest.length === 0) return first
  const ends = [...joinParts(rest)]
  return new Set([...first].flatMap((begin) => ends.map((end) => `${begin}/${end}`)))
}

function revealAddress(address: Uint8Array, { port }: CopiedPseudonym, { levels, trace }: Known): Revealed {
  const typed = formatAddress(address)
  if (isUnspecified(address)) {
    return { originals: null, reason: `${typed} stands for addresses that were merged or dropped` }
  }
  const decrypted = levels.map((level) => decrypt(level, address))
  const [asked] = decrypted as [string]
  const found = trace === null ? -1 : decrypted.findIndex((one) => trace.addresses.has(one))
  if (trace !== null && found >= 0) {
    const original = decrypted[found] as string
    if (port === null) return { originals: [original], isVerified: true }
    const hasClasses = levels[found]?.treatment.level === 'strict'
    const { ports } = trace.addresses.get(original) as KnownAddress
    const fitting = ports.filter((one) => one === port || (hasClasses && portClass(BigInt(one)) === BigInt(port)))
    if (fitting.length === 0)
      return { originals: null, reason: `${original} is in ${trace.path}, but not with port ${port}` }
    const originals = fitting.map((one) => nameEndpoint(original, String(one)))
    return { originals, isVerified: true }
  }
  if (trace?.addresses.has(typed)) {
    return {
      originals: null,
      reason: `${typed} is itself in ${trace.path}: it is an original, or that is the shared trace`,
    }
  }
  if (trace?.isNamed) {
    return { originals: null, reason: `with this key, ${typed} decrypts to ${asked}, which is not in ${trace.path}` }
  }
  return { originals: [port === null ? asked : nameEndpoint(asked, String(port))], isVerified: false }
}

function noKey(): TcpconnError {
  return new TcpconnError('E_USAGE', {
    what: 'tcpconn reveal needs the key of the shared trace',
    reason: 'pseudonyms cannot be reversed without it; share --key FILE stores it',
    hint: 'add --key FILE',
  })
}

function noOriginal(missing: readonly (readonly [typed: string, reason: string])[]): TcpconnError {
  const reasons = [...new Set(missing.map(([, reason]) => reason))]
  const more = reasons.length > MAX_REASONS ? [`${reasons.length - MAX_REASONS} more`] : []
  return new TcpconnError('E_NO_ORIGINAL', {
    what: `no original of ${missing.map(([typed]) => safeText(typed)).join(', ')}`,
    reason: safeText([...reasons.slice(0, MAX_REASONS), ...more].join('; ')),
    hint: 'name the original trace with --trace FILE, and with --key the key that the shared trace was made with',
  })
}
