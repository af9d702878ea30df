import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'
import { idPattern, listTestedIds } from './titled-ids.js'

/** A row of a table: its id, and all other cells */
const ROW = /^\| (GAP-\d{2,3}) \| (.+) \|$/gm
const NOT_PROVOKED = /cannot be provoked here: \w+/
/** Tests that provoke a gap on a running kernel, and those that provoke it with trace files */
const ON_KERNEL = /^(?:record\/kernel|kernels|containers)\//
const IN_TRACES = /^(?:analyze|store)\//
/** The section of gaps that arise when a trace is read */
const ANALYSIS = 'Analysis\n'

const page = readFileSync(join(REPOSITORY, 'docs/coverage.md'), 'utf8')
const rows = page.split(/^## /m).flatMap((section) => {
  const isOfAnalysis = section.startsWith(ANALYSIS)
  return [...section.matchAll(ROW)].map(([, id = '', cells = '']) => ({ id, cells: cells.split(' | '), isOfAnalysis }))
})
const tested = listTestedIds('GAP')
const [onKernel, inTraces] = [listTestedIds('GAP', ON_KERNEL), listTestedIds('GAP', IN_TRACES)]
const isProvoked = ({ id, isOfAnalysis }: (typeof rows)[number]) =>
  onKernel.has(id) || (isOfAnalysis && inTraces.has(id))
const notProvoked = rows.filter(({ cells }) => NOT_PROVOKED.test(cells.join(' '))).map(({ id }) => id)

test('every id of docs/coverage.md has one row, which has how the gap is detected and what is printed', () => {
  const ids = rows.map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(60)
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(page.match(idPattern('GAP')))).toEqual(new Set(ids))
  const empty = rows.filter(({ cells }) => cells.length !== 3 || cells.some((cell) => cell.trim() === ''))
  expect(empty.map(({ id }) => id)).toEqual([])
})

test('every gap has a test that provokes it, or a reason why it has none', () => {
  const untested = rows.filter((row) => !isProvoked(row) && !notProvoked.includes(row.id))
  expect(untested.map(({ id }) => id)).toEqual([])
})

test('the page names all gaps that no test provokes', () => {
  const [last, ...others] = notProvoked.toReversed()
  expect(page.replaceAll('\n', ' ')).toContain(`No test provokes ${others.toReversed().join(', ')} and ${last}:`)
})

test('no gap with a test is listed as one that cannot be provoked', () => {
  expect(notProvoked.filter((id) => tested.has(id))).toEqual([])
})

test('no test has the id of an unlisted gap', () => {
  const ids = new Set(rows.map(({ id }) => id))
  expect([...tested].filter((id) => !ids.has(id))).toEqual([])
})

/**
 * Source text without comments. Templates are replaced by what they print: `${formatPlural(count, 'row')}` by N rows,
 * others by ….
 */
function readTexts(): string {
  const names = readdirSync(join(REPOSITORY, 'src'), { recursive: true, encoding: 'utf8' })
  const sources = names.filter((name) => name.endsWith('.ts'))
  const all = sources.map((name) => readFileSync(join(REPOSITORY, 'src', name), 'utf8')).join('\n')
  return all
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replaceAll(/\$\{formatPlural\([^']*?'([^']+)'[^}]*\)\}/g, 'N $1s')
    .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…')
}

/** A command or an option, which is not output. */
const IS_TYPED = /^(?:(?:analyze|doctor|export|info|live|record|replay|summary|dns|failures)(?: |$)|--[a-z])/

/**
 * The parts of a quoted line. `-- containers` names a check of doctor; a label is followed by two spaces, a verdict by
 * a colon.
 */
function piecesOf(quoted: string): string[] {
  const [, check] = /^(?:--|no) (.+)$/.exec(quoted) ?? []
  if (check !== undefined) return [`'${check}'`]
  return quoted.split(/…| {2}|: /).map((piece) => piece.trim())
}

function occursIn(texts: string, piece: string): boolean {
  const parts = piece.split(/\b[NM]\b/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(parts.join('(?:N|…)')).test(texts)
}

test('the page quotes lines that the sources print', () => {
  const texts = readTexts()
  const quotes = rows.flatMap(({ id, cells }) =>
    [...(cells[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, quoted = '']) => ({ id, quoted })),
  )
  const printed = quotes.filter(({ quoted }) => !IS_TYPED.test(quoted))
  expect(printed.length).toBeGreaterThan(60)
  const unknown = printed.filter(({ quoted }) => !piecesOf(quoted).every((piece) => occursIn(texts, piece)))
  expect(unknown).toEqual([])
})
