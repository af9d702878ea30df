import { formatAddress, isIpv4Mapped, isUnspecified, parseAddress } from '../../attempt/address.js'
import type { ValueKind } from './column-rules.js'
import type { Action, Field, Treatment } from './fields.js'
import {
  createPrefixPseudonyms,
  createScrambledPseudonyms,
  type AddressPseudonyms,
} from './keyed/address-pseudonyms.js'
import { COMMON_PROGRAMS } from './keyed/common-programs.js'
import { nameDns } from './keyed/dns-pseudonyms.js'
import { createNumbers, type KeyedNumbers } from './keyed/numbers.js'
import { nameComponent, namePath } from './keyed/path-pseudonyms.js'
import type { ShareKey } from './keyed/share-key.js'
import { createTokens, LONG_TOKEN_LENGTH, type NameText } from './keyed/tokens.js'
import { knownLimits } from './known-limits.js'
import { portClass } from './port-class.js'
import { dropFilterValues } from './shared-filters.js'

/** A value of SQLite; integers as bigint. */
export type Cell = bigint | string | Buffer | null

/** A row by column. */
export type OriginalRow = Readonly<Record<string, Cell>>

/** Replaces the values of a trace. */
export interface Pseudonyms {
  readonly treatment: Treatment
  readonly addresses: AddressPseudonyms
  readonly numbers: KeyedNumbers
  /** Added to the wall clock, ns */
  readonly shiftNs: bigint
  /** @param row what the value is a part of */
  replace(field: Field, kind: ValueKind, value: Cell, row: OriginalRow): Cell
  /** For a DNS name whose usual token belongs to another name */
  longName(name: string): string
}

type Replace = (value: Cell, action: Action, row: OriginalRow) => Cell

const UNSPECIFIED = { 4: parseAddress('0.0.0.0') as Uint8Array, 6: parseAddress('::') as Uint8Array }
/** Users below are those of the system, as distributions assign them. */
const FIRST_USER = 1000n
const NOBODY = 65534n
const NO_PORT = 0n

export function createPseudonyms(key: ShareKey, treatment: Treatment): Pseudonyms {
  const token = createTokens(key)
  const isStrict = treatment.actions.addresses === 'scrambled'
  const addresses = isStrict ? createScrambledPseudonyms(key) : createPrefixPseudonyms(key)
  const namedAddresses = namedPseudonyms(addresses, treatment.actions.addresses)
  const numbers = createNumbers(key)
  const shiftNs = treatment.actions.time === 'kept' ? 0n : numbers.shiftNs
  const replacements = {
    ...addressKinds(addresses),
    ...numberKinds(numbers),
    ...nameKinds(token, namedAddresses),
    ...sessionKinds(token),
  } as Partial<Record<ValueKind, Replace>>
  return {
    treatment,
    addresses,
    numbers,
    shiftNs,
    replace(field, kind, value, row) {
      const action = treatment.actions[field]
      if (value === null || action === 'kept') return value
      const replace = replacements[kind]
      if (replace === undefined) throw new Error(`no pseudonyms for ${kind}`)
      return replace(value, action, row)
    },
    longName: (name) => nameDns(name, token, namedAddresses, LONG_TOKEN_LENGTH),
  }
}

/** How an address in place of a name is replaced. `null`: as a name */
type NamedAddresses = Pick<AddressPseudonyms, 'of'> | null
const KEPT: NamedAddresses = { of: (address) => address }

function namedPseudonyms(addresses: AddressPseudonyms, action: Action): NamedAddresses {
  return action === 'kept' ? KEPT : action === 'dropped' ? null : addresses
}

function addressKinds({ of }: AddressPseudonyms) {
  const replaced = (address: Uint8Array, action: Action) =>
    action === 'dropped' ? UNSPECIFIED[isIpv4Mapped(address) ? 4 : 6] : of(address)
  const bytes: Replace = (value, action) => {
    // Only a damaged file has addresses of another length.
    return value instanceof Buffer && value.length === 16 ? Buffer.from(replaced(value, action)) : Buffer.alloc(16)
  }
  const text: Replace = (value, action, row) => {
    const address = parseAddress(String(value))
    if (address === null) return ''
    const result = replaced(address, action)
    return 'local_address' in row && isUnspecified(result) ? null : formatAddress(result)
  }
  return { address: bytes, 'address text': text }
}

function numberKinds(numbers: KeyedNumbers) {
  const orNull =
    (replace: (value: bigint) => bigint): Replace =>
    (value, action) =>
      action === 'dropped' ? null : replace(value as bigint)
  const port: Replace = (value, action) => (action === 'dropped' ? NO_PORT : portClass(value as bigint))
  const portList: Replace = (value, action) => {
    const ports = String(value)
      .split(',')
      .filter((text) => /^\d{1,5}$/.test(text))
    return action === 'dropped' ? null : [...new Set(ports.map((text) => portClass(BigInt(text))))].join()
  }
  const recorderPid: Replace = (value, action) => (action === 'dropped' ? 0n : numbers.pid(value as bigint))
  const uid: Replace = (value, action) => {
    if (action === 'dropped') return null
    const number = value as bigint
    if (number === 0n || number === NOBODY) return number
    return number < FIRST_USER ? numbers.systemUid(number) : numbers.uid(number)
  }
  const nothing: Replace = () => 0n
  return {
    port,
    'port list': portList,
    pid: orNull(numbers.pid),
    'recorder pid': recorderPid,
    'recorder ticks': nothing,
    'process start': orNull((value) => value + numbers.bootShiftNs),
    inode: orNull(numbers.inode),
    cookie: orNull(numbers.cookie),
    uid,
    // Unique within the session, like the key.
    'cgroup number': ((_, __, row) => row.cgroup_id ?? 0n) as Replace,
  }
}

function nameKinds(token: NameText, addresses: NamedAddresses) {
  const isKeptAddress = (name: string) => addresses === KEPT && parseAddress(name) !== null
  const named =
    (replace: (text: string, action: Action, row: OriginalRow) => Cell, dropped: Cell = null): Replace =>
    (value, action, row) =>
      action === 'dropped' ? dropped : replace(String(value), action, row)
  return {
    'dns name': named(
      (name, action) =>
        action === 'token' && !isKeptAddress(name) ? token('name', name) : nameDns(name, token, addresses),
      'name',
    ),
    program: named((name, action) =>
      action === 'token if rare' && COMMON_PROGRAMS.has(name) ? name : token('prog', name),
    ),
    user: named((name, _, { uid }) => {
      if (uid === 0n && name === 'root') return name
      const isSystem = typeof uid === 'bigint' && (uid < FIRST_USER || uid === NOBODY)
      return token(isSystem ? 'system' : 'user', name)
    }),
    host: named((name) => token('host', name), ''),
    path: named((path, action) => (action === 'token' ? `/${token('group', path)}` : namePath(path, token))),
    container: named((name, action) =>
      action === 'token' ? token('container', name) : nameComponent(name, token, 'container'),
    ),
  }
}

/** Numbers at the beginning of a version; names of companies and clouds come after them. */
const VERSION = /^[0-9]+(?:\.[0-9]+)*/
const MACHINES = ['x86_64', 'aarch64']

function sessionKinds(token: NameText) {
  const number: Replace = (value, action) => (action === 'dropped' ? '' : (VERSION.exec(String(value))?.[0] ?? ''))
  const empty: Replace = () => ''
  const none: Replace = () => null
  return {
    'boot id': ((value, action) => (action === 'dropped' ? '' : token('boot', String(value)))) as Replace,
    kernel: number,
    version: ((value, action, row) =>
      action !== 'dropped' && MACHINES.includes(String(value)) ? value : number(value, action, row)) as Replace,
    limits: ((value, action) => (action === 'dropped' ? '[]' : knownLimits(String(value)))) as Replace,
    'command line': empty,
    'file name': none,
    filters: ((value) => dropFilterValues(String(value))) as Replace,
  }
}
