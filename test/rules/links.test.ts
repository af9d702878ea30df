import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

const PAGES = [
  'README.md',
  'README.zh-CN.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(REPOSITORY, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')

/** Anchors of the headings of a page, as GitHub derives them. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** @param path of the page with the link */
function isBroken(link: string, path: string): boolean {
  const [target = '', anchor] = link.split('#')
  const page = target === '' ? path : join(dirname(path), target)
  if (!existsSync(join(REPOSITORY, page))) return true
  return anchor !== undefined && !anchorsOf(read(page)).includes(anchor)
}

test.each(PAGES)('every link of %s leads to a file of the checkout and to a heading in it', (path) => {
  const links = [...read(path).matchAll(/\]\(([^)\s]*)\)/g)].map(([, link]) => link as string)
  const inside = links.filter((link) => !/^https?:/.test(link))
  expect(inside.filter((link) => isBroken(link, path))).toEqual([])
})
