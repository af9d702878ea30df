import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command, type Option } from 'commander'
import { expect, test } from 'vitest'
import { BCC_TOOLS } from '../src/bcc/bcc-options.js'
import { addAnalyzeCommands } from '../src/analyze/command.js'
import { CATALOGUE } from '../src/analyze/queries/catalogue.js'
import { PACKAGE_ROOT } from '../src/base/package.js'
import { addFleet, addPush } from '../src/commands/add-fleet.js'
import { addTop } from '../src/commands/add-top.js'
import { addRecordCommands } from '../src/record/command.js'
import { KEY_HELP } from '../src/top/frame/press-key.js'
import { TOP_DIMENSION_NAMES } from '../src/top/window/dimensions.js'
import { TOP_COLUMNS } from '../src/top/window/top-columns.js'
import { addUsageCommands } from '../src/cli/usage/command.js'

const DOCS = join(PACKAGE_ROOT, 'docs')
const COMMANDS = await listCommands()

/** Every command of the tool with its options, those of built-in queries too. */
async function listCommands(): Promise<Command[]> {
  const program = new Command('tcpconn')
  addRecordCommands(program, () => {})
  await addAnalyzeCommands(program, ['analyze'])
  addTop(program, () => {})
  addPush(program)
  addFleet(program)
  addUsageCommands(program)
  const withDescendants = (command: Command): Command[] => [command, ...command.commands.flatMap(withDescendants)]
  return program.commands.flatMap(withDescendants)
}

/** The options that --help names. */
function shownOptions(command: Command): Option[] {
  return command.options.filter((option) => !option.hidden)
}

/** The text of all pages, or of one. */
function readDocs(page?: string): string {
  const pages = page === undefined ? readdirSync(DOCS).filter((name) => name.endsWith('.md')) : [page]
  return pages.map((name) => readFileSync(join(DOCS, name), 'utf8')).join('\n')
}

/** The section below `### heading` of a page; '' if the page has no such heading. */
function readSection(page: string, heading: string): string {
  const lines = readDocs(page).split('\n')
  const from = lines.indexOf(`### ${heading}`) + 1
  if (from === 0) return ''
  const length = lines.slice(from).findIndex((line) => /^#{1,3} /.test(line))
  return lines.slice(from, length < 0 ? undefined : from + length).join('\n')
}

/** A text of the checkout, by its path. */
function readPage(path: string): string {
  return readFileSync(join(PACKAGE_ROOT, path), 'utf8')
}

/** Whether a text speaks of `word`, and not only of a longer one. */
function names(text: string, word: string): boolean {
  return new RegExp(`(^|[^\\w-])${word}(?![\\w-])`, 'm').test(text)
}

/** Error codes that the sources can throw. */
function listErrorCodes(directory = join(PACKAGE_ROOT, 'src')): string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const found = files.flatMap((name) => readFileSync(join(directory, name), 'utf8').match(/\bE_[A-Z][A-Z_]+\b/g) ?? [])
  return [...new Set(found)].toSorted()
}

test.each(COMMANDS)('$_name has a description, and every argument and option of it too', (command) => {
  expect(command.description()).not.toBe('')
  for (const option of shownOptions(command)) expect(option.description, option.flags).not.toBe('')
  for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe('')
})

test.each(COMMANDS)('$_name is documented, with each of its options', (command) => {
  const docs = readDocs()
  expect(names(docs, command.name()), command.name()).toBe(true)
  const missing = shownOptions(command)
    .map((option) => option.long as string)
    .filter((long) => !names(docs, long))
  expect(missing).toEqual([])
})

test('the options of record are documented on its own page, short ones too', () => {
  const page = readDocs('record.md')
  const record = COMMANDS.find((command) => command.name() === 'record')
  const options = record ? shownOptions(record) : []
  expect(options.length).toBeGreaterThan(10)
  for (const { long, short } of options) {
    expect(names(page, long as string), long).toBe(true)
    if (short) expect(names(page, short), short).toBe(true)
  }
})

test('the options of push and fleet are documented on their own page', () => {
  const page = readDocs('fleet.md')
  const commands = COMMANDS.filter((command) => ['push', 'schema', 'migrate'].includes(command.name()))
  expect(commands).toHaveLength(3)
  for (const { long } of commands.flatMap(shownOptions)) expect(names(page, long as string), long).toBe(true)
})

test('the options, keys, columns and dimensions of top are documented on its own page', () => {
  const page = readDocs('top.md')
  const top = COMMANDS.find((command) => command.name() === 'top')
  const own = top ? shownOptions(top).filter(({ helpGroupHeading }) => helpGroupHeading !== 'Filters:') : []
  expect(own.length).toBeGreaterThan(10)
  for (const { long } of own) expect(names(page, long as string), long).toBe(true)
  for (const [keys] of KEY_HELP) expect(page).toContain(`| \`${keys}\` |`)
  for (const { heading } of TOP_COLUMNS) expect(page).toContain(`| \`${heading}\` |`)
  for (const name of TOP_DIMENSION_NAMES) expect(page).toContain(`\`${name}\``)
})

test.each(Object.values(BCC_TOOLS))("the options of bcc's $tool are documented where its name is", ({ options }) => {
  const [, section = ''] = readDocs('live.md').split('\n## Called tcpconnect or tcpconnlat\n')
  expect(options.length).toBeGreaterThan(5)
  for (const { name, letter } of options) {
    expect(names(section, `--${name}`), name).toBe(true)
    if (letter !== null && letter !== '?') expect(names(section, `-${letter}`), letter).toBe(true)
  }
})

test.each(CATALOGUE)('$name has its section in docs/analyze.md, with its columns', (query) => {
  const section = readSection('analyze.md', query.name)
  expect(section, `### ${query.name}`).not.toBe('')
  const missing = query.columns.map(({ name }) => name).filter((name) => !names(section, name))
  expect(missing).toEqual([])
})

test('the table of top-endpoints has its columns, where it is shown', () => {
  const query = CATALOGUE.find(({ name }) => name === 'top-endpoints')
  const headings = query?.columns.map((column) => column.heading).join(' ')
  for (const page of ['README.md', 'docs/analyze.md']) {
    const [, header = ''] = /^\$ tcpconn analyze top-endpoints.*\n(.*)/m.exec(readPage(page)) ?? []
    expect(header.replace(/ +/g, ' '), page).toBe(headings)
    expect(readPage(page), page).toContain('(--exact reads every value)')
  }
})

test('every error code is documented, and no other', () => {
  const documented = [...new Set(readDocs('errors.md').match(/\bE_[A-Z][A-Z_]+\b/g))].toSorted()
  expect(documented).toEqual(listErrorCodes())
})
