import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXPORT_FORMATS } from '../../src/analyze/export/export-formats.js'
import { FORMATS } from '../../src/analyze/formats.js'
import { DIMENSION_NAMES } from '../../src/analyze/group/dimensions.js'
import { CATALOGUE } from '../../src/analyze/queries/catalogue.js'
import { OUTCOMES } from '../../src/attempt/outcome.js'
import { REPOSITORY } from '../support/repository.js'

/** The words in backquotes in the first match of a pattern on a page of docs/. */
function wordsIn(page: string, pattern: RegExp): string[] {
  const [found] = pattern.exec(readFileSync(join(REPOSITORY, 'docs', page), 'utf8')) ?? []
  expect(found, `${page}: ${pattern.source}`).toBeDefined()
  return [...(found ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)
}

/** The words in the first column of the table below a line. */
function firstCells(page: string, heading: string): string[] {
  const lines = readFileSync(join(REPOSITORY, 'docs', page), 'utf8').split('\n')
  const head = lines.indexOf(heading)
  expect(head, `${page}: ${heading}`).not.toBe(-1)
  const rows = lines.slice(head + 2)
  const cells = rows.slice(0, rows.indexOf('')).map((row) => row.split('|')[1] ?? '')
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word))
}

const queriesBy = (word: string) =>
  CATALOGUE.filter(({ options = [] }) =>
    options.some(({ flags, words = [] }) => flags.startsWith('--by ') && words.includes(word)),
  ).map(({ name }) => name)

test('docs/record.md lists the outcomes of the recorder, in order', () => {
  expect(firstCells('record.md', '| Outcome | Meaning |')).toEqual(OUTCOMES)
})

test('docs/analyze.md lists all dimensions of latency', () => {
  const words = firstCells('analyze.md', '| `--by` | Group |').filter((word) => word !== 'subnet/16')
  expect(words.toSorted()).toEqual(DIMENSION_NAMES.split(', ').toSorted())
})

test('docs/analyze.md and docs/export.md list all formats', () => {
  expect(firstCells('analyze.md', '| Format | Output |').toSorted()).toEqual(Object.keys(FORMATS).toSorted())
  expect(wordsIn('export.md', /^\| `--format FORMAT` \|.*$/m).slice(1)).toEqual(EXPORT_FORMATS)
})

test('docs/analyze.md lists the queries that separate hosts with --by host, and those that always do', () => {
  const always = wordsIn('analyze.md', /A first column `host` is added to[^.]*\./).slice(1)
  const withBy = wordsIn('analyze.md', /`--by host` separates them in[^.]*\.[^.]*\./).slice(1)
  expect([...always, ...withBy].map((words) => words.split(' ')[0]).toSorted()).toEqual(
    [...new Set([...queriesBy('host'), 'slowest']), 'latency'].toSorted(),
  )
})
