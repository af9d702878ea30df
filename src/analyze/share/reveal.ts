import { TcpconnError, UsageError } from '../../base/errors.js'
import { formatAddress, parseAddress } from '../../attempt/address.js'
import { findDamage } from '../../store/find-damage.js'
import { safeText } from '../../text/safe-text.js'
import { formatPlural } from '../../text/format-number.js'
import { withTraces } from '../scan/trace.js'
import { LEVELS, parseTreatment } from './fields.js'
import { findOriginals } from './find-originals.js'
import { readKey } from './keyed/key-file.js'
import { createShareKey } from './keyed/share-key.js'
import { createPseudonyms } from './pseudonyms.js'

/** Options of `tcpconn reveal`, as typed. */
export interface RevealOptions {
  readonly key?: string
  readonly trace: string
  readonly level: string
}

/**
 * Prints the original of each pseudonym: addresses are decrypted, names are looked for in the original trace.
 * @throws UsageError, E_KEY, E_NO_ORIGINAL, the errors of `openTrace`
 */
export function reveal(pseudonyms: readonly string[], options: RevealOptions): void {
  if (options.key === undefined) throw new UsageError('--key', '', 'the file with the key of the shared trace')
  const key = createShareKey(readKey(options.key))
  const { addresses } = createPseudonyms(key, parseTreatment({ level: options.level }))
  const names = new Set(pseudonyms.filter((text) => parseAddress(text) === null))
  const originals = names.size === 0 ? new Map<string, string>() : findInTrace(options.trace, key, names)
  for (const pseudonym of pseudonyms) {
    const address = parseAddress(pseudonym)
    const original = address === null ? originals.get(pseudonym) : formatAddress(addresses.original(address))
    if (original !== undefined) process.stdout.write(`${safeText(pseudonym)}\t${safeText(original)}\n`)
  }
  const missing = [...names].filter((name) => !originals.has(name))
  if (missing.length > 0) throw noOriginal(missing, options.trace)
}

function findInTrace(path: string, key: ReturnType<typeof createShareKey>, names: ReadonlySet<string>) {
  const both = LEVELS.map((level) => createPseudonyms(key, parseTreatment({ level })))
  try {
    return withTraces([path], ([trace]) => findOriginals(trace!.db, both, names))
  } catch (error) {
    throw findDamage([path], error)
  }
}

function noOriginal(missing: readonly string[], path: string): TcpconnError {
  return new TcpconnError('E_NO_ORIGINAL', {
    what: `no original of ${missing.map(safeText).join(', ')}`,
    reason: `with this key, no name of ${path} has ${missing.length === 1 ? 'this pseudonym' : `these ${formatPlural(missing.length, 'pseudonym')}`}`,
    hint: 'name the original trace with --trace FILE, and the key that the shared trace was made with',
  })
}
