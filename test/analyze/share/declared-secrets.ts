import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { COLUMNS, type SharedTable } from '../../../src/analyze/share/columns.js'
import type { ColumnRule, ValueKind } from '../../../src/analyze/share/column-rules.js'
import { COMMON_PROGRAMS } from '../../../src/analyze/share/keyed/common-programs.js'
import { COMMON_COMPONENTS } from '../../../src/analyze/share/keyed/path-pseudonyms.js'
import { knownLimits } from '../../../src/analyze/share/known-limits.js'
import { createTrace } from '../../../src/analyze/share/output-database.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { encodingsOfAddress, encodingsOfName, findLeaks, type Encoding } from './leaked-encodings.js'

/** Alone in their class: they stay. */
const KEPT_ADDRESSES = ['::', '::1', '0.0.0.0', '255.255.255.255']
const KEPT_NAMES: readonly string[] = ['root', 'localhost', ...COMMON_PROGRAMS, ...COMMON_COMPONENTS]
const UNIT_SUFFIX = /\.(?:service|scope|slice|socket|mount|swap|timer)$/
/** Shorter names may be in any token. */
const MIN_SEARCHED = 5
/** Fewer bytes, like those of 127.0.0.1, may be in any file. */
const MIN_ADDRESS_BYTES = 7

type Secrets = (value: string) => readonly string[]

const itself: Secrets = (value) => [value]
const nothing: Secrets = () => []

/** What is secret in a value of each kind; numbers are not searched for. */
const SECRETS: Readonly<Record<ValueKind, Secrets>> = {
  host: itself,
  'boot id': itself,
  'command line': itself,
  'file name': itself,
  'dns name': itself,
  program: itself,
  user: itself,
  container: itself,
  'address text': itself,
  path: (path) => {
    const own = path.split('/').filter((component) => !COMMON_COMPONENTS.includes(component))
    return own.length === 0 ? [] : [path, ...own.map((component) => component.replace(UNIT_SUFFIX, ''))]
  },
  // The numbers at the beginning stay.
  kernel: (version) => [/[a-z].*/i.exec(version)?.[0] ?? ''],
  limits: (json) =>
    (JSON.parse(json) as string[]).map((sentence) => {
      const [shared] = JSON.parse(knownLimits(JSON.stringify([sentence]))) as [string]
      const beginning = shared.replace(/ …$/, '')
      return sentence.startsWith(beginning) ? sentence.slice(beginning.length) : sentence
    }),
  version: nothing,
  filters: nothing,
  address: nothing,
  port: nothing,
  'port list': nothing,
  'local endpoint': nothing,
  pid: nothing,
  tid: nothing,
  'recorder pid': nothing,
  'recorder ticks': nothing,
  'process start': nothing,
  inode: nothing,
  cookie: nothing,
  'cgroup number': nothing,
  uid: nothing,
  'unix time': nothing,
  'unix offset': nothing,
  time: nothing,
  end: nothing,
  sums: nothing,
}

/** The names and addresses of a trace that a shared one must not have, by kind, as the declared columns have them. */
export function readSecrets(file: string): ReadonlyMap<ValueKind, ReadonlySet<string>> {
  const found = new Map<ValueKind, Set<string>>()
  readTexts(file, (text, rule) => {
    if (typeof rule === 'string' || 'id' in rule) return
    const kept = rule.as === 'address text' ? KEPT_ADDRESSES : KEPT_NAMES
    const secrets = SECRETS[rule.as](text).filter((secret) => secret !== '' && !kept.includes(secret))
    found.set(rule.as, new Set([...(found.get(rule.as) ?? []), ...secrets]))
  })
  return found
}

/** What a shared trace has of the secrets of the original: as a value of a column, or in its bytes in some form. */
export function findSecrets(original: string, shared: string): string[] {
  const secrets = readSecrets(original)
  const texts = new Set<string>()
  readTexts(shared, (text) => texts.add(text))
  const all = [...secrets.values()].flatMap((values) => [...values])
  const addresses = [...(secrets.get('address text') ?? [])]
  const names = all.filter((secret) => secret.length >= MIN_SEARCHED && !addresses.includes(secret))
  const forms = [
    ...names.flatMap(encodingsOfName),
    ...addresses.flatMap(encodingsOfAddress).filter(({ bytes }) => bytes.length >= MIN_ADDRESS_BYTES),
  ]
  return [
    ...all.filter((secret) => texts.has(secret)).map((secret) => `${secret} as a value`),
    ...findLeaks(readFileSync(shared), withoutSchema(forms)),
  ]
}

/** Without those that an empty trace has, such as `connect`. */
function withoutSchema(forms: readonly Encoding[]): Encoding[] {
  const path = join(makeTemporaryDirectory(), 'empty.db')
  createTrace(path, path).close()
  const empty = readFileSync(path)
  return forms.filter(({ bytes }) => !empty.includes(bytes))
}

/** Calls `take` with each text of the declared columns. */
function readTexts(file: string, take: (text: string, rule: ColumnRule) => void): void {
  const db = new Database(file, { readonly: true })
  try {
    for (const table of Object.keys(COLUMNS) as SharedTable[]) {
      for (const [column, rule] of Object.entries(COLUMNS[table] as Readonly<Record<string, ColumnRule>>)) {
        const select = `SELECT DISTINCT ${column} FROM ${table} WHERE typeof(${column}) = 'text'`
        for (const text of db.prepare(select).pluck().all() as string[]) take(text, rule)
      }
    }
  } finally {
    db.close()
  }
}
