import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { runQuery } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'

const DIRECTORY = new URL('../../../src/analyze/queries/', import.meta.url)

test('every file or folder of a built-in query is in the catalogue, and vice versa', () => {
  const found = readdirSync(DIRECTORY).filter((name) => name !== 'catalogue.ts')
  const names = CATALOGUE.map(({ name }) => name)
  expect(found.map((name) => name.replace('.ts', '')).toSorted()).toEqual(names.toSorted())
})

test.each(CATALOGUE)('$name has a description and an example that runs it', ({ name, description, example }) => {
  expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
  expect(description).toMatch(/^\S.{10,}$/)
  expect(example).toMatch(new RegExp(`^tcpconn analyze ${name}( |$)`))
})

test.each(CATALOGUE)(
  '$name has unique column names, and as many values as columns, also for an empty trace',
  (query) => {
    const { file } = makeSampleTrace({ batches: [[{}, { outcome: 1, error: 111 }]] }, { batches: [] })
    for (const session of ['1', '2']) {
      const { columns, rows } = runQuery(query, [file], { session }, { limit: 10 })
      expect(new Set(columns.map((column) => column.name)).size).toBe(columns.length)
      const shown = columns.filter((column) => !column.isHidden).map((column) => column.heading)
      expect(new Set(shown).size).toBe(shown.length)
      for (const { name, kind } of columns) {
        expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
        if (kind === 'duration' || kind === 'time') expect(name).toMatch(/_ns$/)
        if (kind === 'rate') expect(name).toMatch(/_per_second$/)
        if (kind === 'percent') expect(name).toMatch(/_percent$/)
      }
      for (const row of rows) expect(row).toHaveLength(columns.length)
    }
  },
)
