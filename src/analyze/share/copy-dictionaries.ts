import { parseAddress, formatAddress, isIpv4Mapped } from '../../attempt/address.js'
import { createInsert, readRows, replaceRow, type Copying } from './copy-rows.js'
import type { Cell, OriginalRow } from './pseudonyms.js'
import type { Usage } from './usage.js'

const MERGED = { 4: parseAddress('0.0.0.0') as Uint8Array, 6: parseAddress('::') as Uint8Array }

/** Dictionaries whose rows differ in these columns, and are shared by all sessions of a file. */
const UNIQUE = { endpoint: ['address', 'remote_port'], local_address: ['address'], dns_name: ['dns_name'] } as const
type Dictionary = keyof typeof UNIQUE

/**
 * Copies remote endpoints. Those with few attempts become one endpoint without an address, per port.
 * @returns addresses, as text, of which no endpoint keeps its address
 */
export function copyEndpoints(copying: Copying, usage: Usage, minAttempts: number): ReadonlySet<string> {
  const add = createAdding(copying, 'endpoint')
  const [merged, separate] = [new Set<string>(), new Set<string>()]
  for (const row of readRows(copying.db, 'endpoint')) {
    const id = row.endpoint_id as bigint
    const attempts = usage.attemptsOf(Number(id))
    if (attempts === 0 && !usage.isOther(Number(id))) continue
    const isMerged = attempts < minAttempts
    ;(isMerged ? merged : separate).add(canonicalText(row.remote_address as Cell))
    add(id, replaceRow(copying, 'endpoint', row, null, isMerged ? withoutAddress : undefined))
  }
  return new Set([...merged].filter((address) => !separate.has(address)))
}

/** Whether a row of dns_address is shared: with the name, an address would say which endpoint was merged. */
export function chooseAddresses(usage: Usage, merged: ReadonlySet<string>): (row: OriginalRow) => boolean {
  return ({ dns_name_id: nameId, address }) => {
    if (!usage.has('dns_name', Number(nameId))) return false
    return !merged.has(canonicalText(address as Cell))
  }
}

function canonicalText(address: Cell): string {
  const parsed = parseAddress(String(address))
  return parsed === null ? '' : formatAddress(parsed)
}

export function copyLocalAddresses(copying: Copying, usage: Usage): void {
  const add = createAdding(copying, 'local_address')
  for (const row of readRows(copying.db, 'local_address')) {
    const id = row.local_address_id as bigint
    if (usage.has('local_address', Number(id))) add(id, replaceRow(copying, 'local_address', row, null))
  }
}

/** Copies names. One whose token belongs to another name of this file gets a longer one. */
export function copyNames(copying: Copying, usage: Usage): void {
  const add = createAdding(copying, 'dns_name')
  const { actions } = copying.pseudonyms.treatment
  const hasTokens = actions.dns !== 'kept' && actions.dns !== 'dropped'
  const own = new Set<Cell>()
  for (const row of readRows(copying.db, 'dns_name')) {
    if (!usage.has('dns_name', Number(row.dns_name_id))) continue
    const result = replaceRow(copying, 'dns_name', row, null, (replaced) => {
      const isTaken = hasTokens && own.has(replaced.dns_name as Cell)
      return isTaken ? { ...replaced, dns_name: copying.pseudonyms.longName(String(row.dns_name)) } : replaced
    })
    own.add(result.dns_name as Cell)
    add(row.dns_name_id as bigint, result)
  }
}

/** Adds a row, or notes which equal row is there already. */
function createAdding({ shared, ids }: Copying, table: Dictionary): (id: bigint, row: OriginalRow) => void {
  const insert = createInsert(shared, table)
  const same = UNIQUE[table].map((column) => `${column} = @${column}`).join(' AND ')
  const find = shared.prepare(`SELECT ${table}_id FROM ${table} WHERE ${same}`).pluck().safeIntegers()
  return (id, row) => {
    if (!insert(row)) ids.changed[table].set(id, find.get(row) as bigint)
  }
}

function withoutAddress(row: Record<string, Cell>): Record<string, Cell> {
  const address = MERGED[isIpv4Mapped(row.address as Buffer) ? 4 : 6]
  return { ...row, address: Buffer.from(address), remote_address: formatAddress(address) }
}
