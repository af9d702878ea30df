import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

/** `test/path.test.ts: name of the test` */
const REFERENCE = /`(test\/[\w/.-]+\.test\.ts): ([^`]+)`/g

const text = readFileSync(join(REPOSITORY, 'docs/security.md'), 'utf8')
const claims = text
  .split(/^(?=- |#|$)/m)
  .filter((part) => part.startsWith('- '))
  .map((claim) => claim.replaceAll(/\s+/g, ' '))

test('docs/security.md has claims, each with a test beside it', () => {
  expect(claims.length).toBeGreaterThan(30)
  expect(claims.filter((claim) => [...claim.matchAll(REFERENCE)].length === 0)).toEqual([])
})

test('every test that it names is there', () => {
  const named = claims.flatMap((claim) => [...claim.matchAll(REFERENCE)])
  const missing = named.filter(([, path = '', name = '']) => !hasTest(path, name)).map(([reference]) => reference)
  expect(missing).toEqual([])
})

test('a test that is not there would be told', () => {
  expect(hasTest('test/rules/security-claims.test.ts', 'every test that it names is there')).toBe(true)
  expect(hasTest('test/rules/security-claims.test.ts', ['every test that', 'nobody wrote'].join(' '))).toBe(false)
  expect(hasTest('test/rules/nothing.test.ts', 'every test that it names is there')).toBe(false)
})

/** Between the quotes of a call of `test`, on the same line or after the table of `test.each`. */
function hasTest(path: string, name: string): boolean {
  if (!existsSync(join(REPOSITORY, path))) return false
  const source = readFileSync(join(REPOSITORY, path), 'utf8').replaceAll("\\'", "'")
  return ["'", '"', '`'].some(
    (quote) => source.includes(`(${quote}${name}${quote},`) || source.includes(`${quote}${name}${quote},\n`),
  )
}
