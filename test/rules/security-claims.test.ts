import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

/** `test/path.test.ts: name of the test` */
const REFERENCE = /`(test\/[\w/.-]+\.test\.ts): ([^`]+)`/g
/** Where nothing is claimed */
const LEFT = 'What is left to you'

const [, ...sections] = readFileSync(join(REPOSITORY, 'docs/security.md'), 'utf8').split(/^## /m)
const claims = sections.filter((section) => !section.startsWith(LEFT)).flatMap(splitSection)

test('docs/security.md claims nothing without a test beside it', () => {
  expect(sections.at(-1)).toContain(LEFT)
  expect(claims.length).toBeGreaterThan(30)
  expect(claims.filter((claim) => !claim.startsWith('- '))).toEqual([])
  expect(claims.filter((claim) => [...claim.matchAll(REFERENCE)].length === 0)).toEqual([])
})

test('every test that it names is there, and runs', () => {
  const named = claims.flatMap((claim) => [...claim.matchAll(REFERENCE)])
  const missing = named.filter(([, path = '', name = '']) => !hasTest(readSource(path), name))
  expect(missing.map(([reference]) => reference)).toEqual([])
})

test.each([
  [true, "test('a name', () => {})"],
  [true, "test('a name', { timeout: 1 }, () => {})"],
  [true, "test.each([[1, 'a'], [2, 'b']])('a name', () => {})"],
  [true, "test.each([\n  ['another', 1],\n])(\n  'a name',\n  () => {},\n)"],
  [false, "test('another name', () => {})"],
  [false, "test('another', () => note('a name', 1))"],
  [false, "test.each(['a name', 'b'])('another', () => {})"],
  [false, "test.skip('a name', () => {})"],
  [false, "test.todo('a name', () => {})"],
  [false, "test.skip.each([1])('a name', () => {})"],
  [false, "describe.skip('all', () => {\n  test('a name', () => {})\n})"],
  [false, "describe('all', () => {\n  test('a name', () => {})\n})\ntest.only('another', () => {})"],
  [false, "describe('a name', () => {})"],
  [false, ''],
])('%s: that runs a test of this name: %s', (isThere, source) => {
  expect(hasTest(source, 'a name')).toBe(isThere)
})

/** What stands below the heading: a part for every item and every paragraph, each on one line. */
function splitSection(section: string): string[] {
  const [, ...lines] = section.split('\n')
  const parts = lines.join('\n').split(/\n(?=- |\n)/)
  return parts.map((part) => part.trim().replaceAll(/\s+/g, ' ')).filter((part) => part !== '')
}

function readSource(path: string): string {
  return existsSync(join(REPOSITORY, path)) ? readFileSync(join(REPOSITORY, path), 'utf8').replaceAll("\\'", "'") : ''
}

/** Whether a source runs a test of this name: the first argument of `test`, or of what `test.each` makes of its table. */
function hasTest(source: string, name: string): boolean {
  if (/\b(?:test|describe)\.(?:skip|todo|only)/.test(source)) return false
  const quoted = ["'", '"', '`'].map((quote) => `${quote}${name}${quote},`)
  return quoted.some((text) => source.includes(text) && isInTest(source.slice(0, source.indexOf(text)).trimEnd()))
}

/** Whether a source that ends here goes on with the name of a test. */
function isInTest(source: string): boolean {
  const call = [...source.matchAll(/(?<![.\w])(?:test|describe\w*)(?:\.\w+)*\(/g)].at(-1)
  if (call?.[0] === 'test(') return source.endsWith('test(')
  return call?.[0].startsWith('test.each') === true && source.endsWith(')(')
}
