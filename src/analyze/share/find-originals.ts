import type { Database } from 'better-sqlite3'
import { parseAddress } from '../../attempt/address.js'
import { COLUMNS, type SharedTable } from './columns.js'
import type { ColumnRule, ValueKind } from './column-rules.js'
import { readRows } from './copy-rows.js'
import type { Field } from './fields.js'
import { splitLabels } from './keyed/dns-pseudonyms.js'
import type { Pseudonyms, OriginalRow } from './pseudonyms.js'

/** Kinds of values whose pseudonyms are tokens */
const NAMED: readonly ValueKind[] = ['host', 'dns name', 'program', 'user', 'path', 'container', 'boot id']

/**
 * Finds the originals of tokens: the pseudonyms of all names of a trace are made again.
 * @param pseudonyms of one level each
 * @returns originals by token: several, where names have the same token
 */
export function findOriginals(
  db: Database,
  pseudonyms: readonly Pseudonyms[],
  tokens: ReadonlySet<string>,
): Map<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  const note = (token: string, original: string) => {
    if (!tokens.has(token) || token === original) return
    found.set(token, (found.get(token) ?? new Set()).add(original))
  }
  for (const table of Object.keys(COLUMNS) as SharedTable[]) {
    const named = Object.entries(COLUMNS[table] as Readonly<Record<string, ColumnRule>>).flatMap(([column, rule]) =>
      typeof rule === 'object' && 'field' in rule && NAMED.includes(rule.as) ? [{ column, ...rule }] : [],
    )
    if (named.length === 0) continue
    for (const row of readRows(db, table)) {
      for (const { column, field, as } of named) {
        for (const one of pseudonyms) noteParts(one, { field, kind: as, row, column }, note)
      }
    }
  }
  return found
}

interface NamedValue {
  readonly field: Field
  readonly kind: ValueKind
  readonly row: OriginalRow
  readonly column: string
}

/** Notes the pseudonym of a value, and those of its parts. */
function noteParts(
  pseudonyms: Pseudonyms,
  { field, kind, row, column }: NamedValue,
  note: (token: string, original: string) => void,
): void {
  const original = row[column]
  if (typeof original !== 'string') return
  const whole = String(pseudonyms.replace(field, kind, original, row))
  note(whole, original)
  if (kind === 'path') noteEach(whole.split('/'), original.split('/'), note)
  // An address in place of a name has no labels.
  if (kind !== 'dns name' || parseAddress(original) !== null) return
  const labels = splitLabels(original)
  const names = labels.map((_, i) => labels.slice(i).join('.'))
  for (const name of [whole, pseudonyms.longName(original)]) {
    const tokens = name.split('.')
    noteEach(tokens, names, note)
    noteEach(
      tokens.map((_, i) => tokens.slice(i).join('.')),
      names,
      note,
    )
    note(name, original)
  }
}

function noteEach(
  tokens: readonly string[],
  originals: readonly string[],
  note: (token: string, original: string) => void,
): void {
  if (tokens.length !== originals.length) return
  for (const [i, token] of tokens.entries()) note(token, originals[i] as string)
}
