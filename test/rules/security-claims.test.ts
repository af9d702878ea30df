import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'
import { idPattern, listMentionedIds, listTestedIds } from './titled-ids.js'

/** The section of what is not guaranteed */
const LIMITS = 'Limits\n'
const CLAIM = /^- \*\*(SEC-\d\d)\*\* ./
/** In a claim without a test */
const NOT_TESTED = /\*Not tested: \w.+\.\*/
/** A citation of a test by its path or its title */
const CITATION = /\.test\.ts: /

const page = readFileSync(join(REPOSITORY, 'docs/security.md'), 'utf8')
const [, ...sections] = page.split(/^## /m)
const items = sections.filter((section) => !section.startsWith(LIMITS)).flatMap(listItems)
const claims = items.map((text) => ({ id: CLAIM.exec(text)?.[1] ?? text, isUntested: NOT_TESTED.test(text) }))
const ids = claims.map(({ id }) => id)
const tested = listTestedIds('SEC')

test('every item of docs/security.md is a claim with an id of its own, except in the section on limits', () => {
  expect(sections.at(-1)).toMatch(new RegExp(`^${LIMITS}`))
  expect(claims.length).toBeGreaterThan(50)
  expect(items.filter((text) => !CLAIM.test(text))).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
})

test('docs/security.md refers only to its own claims, and cites no test by its title', () => {
  expect((page.match(idPattern('SEC')) ?? []).filter((id) => !ids.includes(id))).toEqual([])
  expect(page).not.toMatch(CITATION)
})

test('every claim has a test that runs, or the reason why it has none', () => {
  expect(claims.filter(({ id, isUntested }) => !isUntested && !tested.has(id)).map(({ id }) => id)).toEqual([])
})

test('no claim with a test is marked as not tested', () => {
  expect(claims.filter(({ id, isUntested }) => isUntested && tested.has(id)).map(({ id }) => id)).toEqual([])
})

test('every id in a test belongs to a claim, and is at the end of a title', () => {
  const mentioned = [...listMentionedIds('SEC')]
  expect(mentioned.filter((id) => !ids.includes(id))).toEqual([])
  expect(mentioned.filter((id) => !tested.has(id))).toEqual([])
})

/** Items of the lists of a section, one per line. */
function listItems(section: string): string[] {
  const parts = section.split(/\n(?=- |\n)/).map((part) => part.trim().replaceAll(/\s+/g, ' '))
  return parts.filter((part) => part.startsWith('- '))
}
