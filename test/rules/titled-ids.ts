import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../support/repository.js'

/** Kinds of stable ids in documents: a gap of docs/coverage.md, a claim of docs/security.md. */
export type IdKind = 'GAP' | 'SEC'

/** Tests, checks on other kernels, and checks with container engines */
const SOURCES = /\.test\.ts$|^kernels\/judge\/.*\.ts$|^containers\/checks\.bash$/
/** Contains ids that belong to no document */
const OWN_TEST = 'rules/titled-ids.test.ts'

/** Matches each id of a kind, like GAP-01. */
export const idPattern = (kind: IdKind): RegExp => new RegExp(`${kind}-\\d{2,3}\\b`, 'g')

/** Sources of tests and checks, by their path below test/. */
const SOURCE_NAMES = readdirSync(join(REPOSITORY, 'test'), { recursive: true, encoding: 'utf8' }).filter(
  (name) => SOURCES.test(name) && name !== OWN_TEST,
)

/** Ids of a kind in the titles of tests and checks that run. @param places paths below test/ */
export function listTestedIds(kind: IdKind, places = /^/): Set<string> {
  return new Set(readSources(places).flatMap((source) => findTitledIds(source, kind)))
}

/** All ids of a kind in the sources of tests and checks, including outside of titles. */
export function listMentionedIds(kind: IdKind): Set<string> {
  return new Set(readSources(/^/).flatMap((source) => source.match(idPattern(kind)) ?? []))
}

/**
 * Ids of a kind at the end of test titles: `… (GAP-01, SEC-02)`. None in a source with `.skip`, `.todo` or `.only`,
 * which may prevent a test from running.
 */
export function findTitledIds(source: string, kind: IdKind): string[] {
  if (/\b(?:test|describe)\.(?:skip|todo|only)/.test(source)) return []
  const ending = / \(((?:[A-Z]+-\d{2,3}(?:, )?)+)\)(['"`])/g
  return [...source.matchAll(ending)].flatMap(({ 1: ids = '', 2: quote = '', index }) => {
    const begin = source.lastIndexOf(quote, index)
    return isTitle(source.slice(0, begin).trimEnd()) ? (ids.match(idPattern(kind)) ?? []) : []
  })
}

function readSources(places: RegExp): string[] {
  const names = SOURCE_NAMES.filter((name) => places.test(name))
  return names.map((name) => readFileSync(join(REPOSITORY, 'test', name), 'utf8'))
}

/** Whether the string after `before` is the title of a test or a check. */
function isTitle(before: string): boolean {
  if (/(?:^|\n)\s*check$|[{,]\s*name:$/.test(before) || /(?<![.\w])test\($/.test(before)) return true
  const call = [...before.matchAll(/(?<![.\w])(?:test|describe\w*)(?:\.\w+)*(?:<[^()]*>)?\(/g)].at(-1)
  return /^test\.(?:each|for)\b/.test(call?.[0] ?? '') && before.endsWith(')(')
}
