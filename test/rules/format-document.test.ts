import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { OUTCOMES } from '../../src/attempt/outcome.js'
import { connectFlag } from '../../src/record/event/wire.gen.js'
import { latestVersion, migrate } from '../../src/store/migrate.js'
import { encodeIds } from '../../src/sums/id-list.js'
import { BUCKET_COUNT, bucketMiddle, bucketOf } from '../../src/sums/latency-histogram.js'
import { REPOSITORY } from '../support/repository.js'

const PAGE = readFileSync(join(REPOSITORY, 'docs/format.md'), 'utf8')

/** Columns by table and view, with their declared types, of one version of the schema. */
function readSchema(version: number): Map<string, Map<string, string>> {
  const db = new Database(':memory:')
  migrate(db, version)
  const names = db.prepare(`SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')`).pluck().all() as string[]
  const columnsOf = db.prepare('SELECT name, type FROM pragma_table_info(?)').raw()
  const schema = new Map(names.map((name) => [name, new Map(columnsOf.all(name) as [string, string][])]))
  db.close()
  return schema
}

/** The text below a heading, up to the next one. */
function sectionOf(heading: string): string {
  const start = PAGE.indexOf(`\n${heading}\n`)
  expect(start, `heading ${heading}`).not.toBe(-1)
  const [text = ''] = PAGE.slice(start + heading.length + 2).split(/^#+ /m)
  return text
}

/** Cells of the rows of the first table in a text, without its header. */
function tableOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** Words in backticks. */
function codesOf(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)
}

const SCHEMA = readSchema(latestVersion())
const TABLES = [...SCHEMA].map(([name, columns]) => ({ name, columns }))

test.each(TABLES)(
  'docs/format.md lists exactly the columns of $name with their types, in order',
  ({ name, columns }) => {
    const rows = tableOf(sectionOf(name === 'connects' ? '## The view `connects`' : `### \`${name}\``))
    const described = rows.flatMap(([names = '', type = '']) => codesOf(names).map((column) => [column, type]))
    // An expression of a view has no type.
    expect(described.map(([column, type]) => [column, columns.get(column as string) && type])).toEqual([...columns])
    expect(rows.filter(([, , meaning]) => meaning === undefined)).toEqual([])
  },
)

test('docs/format.md lists what each version added', () => {
  const rows = new Map(
    tableOf(sectionOf('## What a trace is').split('| Version |')[1]?.replace(/^/, '|') ?? '').map((row) => [
      Number(row[0]),
      row[1] ?? '',
    ]),
  )
  expect([...rows.keys()]).toEqual(Array.from({ length: latestVersion() }, (_, i) => i + 1))
  for (let version = 2; version <= latestVersion(); version++) {
    const [before, after] = [readSchema(version - 1), readSchema(version)]
    const added = [...after].flatMap(([table, columns]) => {
      const known = before.get(table)
      const names = [...columns.keys()].filter((column) => known?.has(column) === false)
      if (known === undefined) return [table]
      return names.length === 0 ? [] : [table, ...names]
    })
    const said = codesOf(rows.get(version) ?? '').flatMap((code) => code.split('.'))
    expect(
      added.filter((name) => !said.includes(name)),
      `version ${version}`,
    ).toEqual([])
  }
  expect(PAGE).toContain(`format version ${latestVersion()} and all earlier ones`)
})

test('docs/format.md lists the codes of outcomes and the bits of flags', () => {
  const outcomes = tableOf(sectionOf('## Outcomes')).map(([code, word]) => [Number(code), codesOf(word ?? '')[0]])
  expect(outcomes).toEqual([...OUTCOMES.entries()])
  const flags = tableOf(sectionOf('## Flags')).map(([bit, name]) => [codesOf(name ?? '')[0], Number(bit)])
  expect(flags).toEqual(Object.entries(connectFlag))
})

test('docs/format.md has blobs of a real trace, as the tool writes them', () => {
  const blobs = [...PAGE.matchAll(/^```\n((?:[0-9A-F]{2} ?)+)\n```$/gm)].map(([, hex]) => hex?.replaceAll(' ', ''))
  const db = new Database(join(REPOSITORY, 'test/store/formats/version-6.db'), { readonly: true })
  const hexOf = db.prepare('SELECT hex(sums) FROM window_sums WHERE window_id = 1 AND dimension = ?').pluck()
  const [endpoints, processes] = [String(hexOf.get('endpoint')), String(hexOf.get('process'))]
  db.close()
  const ids = Buffer.from(encodeIds(Array.from({ length: 128 }, (_, i) => i + 1)))
  expect(blobs.slice(0, 2)).toEqual([ids.toString('hex').toUpperCase(), endpoints])
  expect(processes.startsWith(blobs[2] ?? '-')).toBe(true)
  expect(
    tableOf(sectionOf('### Example'))
      .map(([bytes]) => bytes?.replaceAll(' ', ''))
      .join(''),
  ).toBe(endpoints)
})

test('docs/format.md describes the buckets of histograms', () => {
  const [lowest = [], widths = []] = tableOf(sectionOf('### Histograms'))
  const [, ...buckets] =
    sectionOf('### Histograms')
      .split('\n')
      .find((line) => line.startsWith('| Bucket'))
      ?.split('|')
      .slice(1, -1) ?? []
  const numberOf = (cell = '') =>
    Number(cell.replaceAll(',', '').replace(/2\^(\d+)/g, (_, power) => String(2 ** Number(power))))
  const found = buckets.slice(1).map((bucket, i) => [Number(bucket), numberOf(lowest[i + 2]), numberOf(widths[i + 2])])
  expect(found.map(([bucket]) => bucket)).toEqual([128, 192, 941, BUCKET_COUNT - 1])
  for (const [bucket = 0, from = 0, width = 0] of found.slice(0, -1)) {
    expect([from - 1, from, from + width - 1, from + width].map(bucketOf)).toEqual([
      bucket - 1,
      bucket,
      bucket,
      bucket + 1,
    ])
    expect(Math.round(bucketMiddle(bucket))).toBe(from + Math.floor(width / 2))
  }
})
