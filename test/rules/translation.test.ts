import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

const original = readFileSync(join(REPOSITORY, 'README.md'), 'utf8')
const translation = readFileSync(join(REPOSITORY, 'README.zh-CN.md'), 'utf8')

/** The outline that a section shares with its translation. */
interface Section {
  /** 1 for the title, 2 for `##` … */
  readonly level: number
  readonly codeBlocks: readonly string[]
  /** Sorted, because word order differs between languages. The links between the two pages are left out. */
  readonly linkTargets: readonly string[]
  readonly itemCount: number
  readonly tableRowCount: number
}

const CODE_BLOCK = /^```.*\n[^]*?^```$/gm
const LANGUAGE_LINK = /^README(\.zh-CN)?\.md$/

test('README.zh-CN.md has the headings, code blocks, links, list items and table rows of README.md', () => {
  expect(outlineOf(original).length).toBeGreaterThan(10)
  expect(outlineOf(translation)).toEqual(outlineOf(original))
})

test('each of the two pages links to the other one above the first section', () => {
  const [top, translatedTop] = [original, translation].map((page) => page.split(/^## /m)[0])
  expect(top).toContain('](README.zh-CN.md)')
  expect(translatedTop).toContain('](README.md)')
})

test.each<[change: string, pattern: RegExp, replacement: string]>([
  ['a heading has another level', /^### /m, '## '],
  ['a heading is missing', /^### .*\n/m, ''],
  ['a heading is added', /^## /m, '## New\n\n## '],
  ['two headings of different levels are swapped', /^(## .*)([^]*?)^(### .*)/m, '$3$2$1'],
  ['a command has another option', /tcpconn record --dns/, 'tcpconn record --local-errors'],
  ['a script has another name', /^sudo script\/demo$/m, 'sudo script/example'],
  ['the output of a command differs', /^outcomes: 125/m, 'outcomes: 124'],
  ['a code block is missing', /^```.*\n[^]*?^```$/m, ''],
  ['a code block is in the previous section', /^(## .*\n\n[^`]*)(^```\n[^]*?^```$)/m, '$2\n\n$1'],
  ['a link has another target', /\(docs\/coverage\.md\)/, '(docs/format.md)'],
  ['a link is missing', /\[docs\/live\.md\]\(docs\/live\.md\)/, 'docs/live.md'],
  ['a list item is missing', /^- .*\n/m, ''],
  ['a table row is missing', /^\| .*\n/m, ''],
])('the outlines differ if %s', (_, pattern, replacement) => {
  for (const [page, other] of [[translation, original] as const, [original, translation] as const]) {
    const changed = page.replace(pattern, replacement)
    expect(changed).not.toBe(page)
    expect(outlineOf(changed)).not.toEqual(outlineOf(other))
  }
})

function outlineOf(page: string): Section[] {
  // A comment of a shell script looks like a heading: blocks are replaced by their numbers.
  const codeBlocks: string[] = []
  const text = page.replaceAll(CODE_BLOCK, (block) => `<${codeBlocks.push(block) - 1}>`)
  return text.split(/^(?=#+ )/m).map((part) => ({
    level: part.indexOf(' '),
    codeBlocks: [...part.matchAll(/^<(\d+)>$/gm)].map(([, index]) => codeBlocks[Number(index)] as string),
    linkTargets: linkTargetsOf(part),
    itemCount: part.match(/^ *(?:-|\d+\.) /gm)?.length ?? 0,
    tableRowCount: part.match(/^\|/gm)?.length ?? 0,
  }))
}

function linkTargetsOf(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]*)\)/g)].map(([, target]) => target as string)
  return targets.filter((target) => !LANGUAGE_LINK.test(target)).toSorted()
}
