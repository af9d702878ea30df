import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../support/process.js'
import { REPOSITORY } from '../../support/repository.js'
import { describeTool, printUsage } from './describe-tool.js'

process.env.XDG_CONFIG_HOME = '/dev/null'
const PAGE = join(REPOSITORY, 'dist/tcpconn.1')

/** The page as plain text, in one line. */
async function showPage(): Promise<string> {
  const { stdout } = await run(['mandoc', '-Tutf8', '-Owidth=400', PAGE])
  return stdout.replace(/.\x08/g, '').replace(/\s+/g, ' ')
}

test('the page in the package is the output of tcpconn manual', async () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(await printUsage('manual'))
})

test('names every command with its description, and every option with its own', async () => {
  const text = await showPage()
  const plain = (words: string) => words.replace(/\s+/g, ' ')
  for (const { path, options, description } of await describeTool()) {
    expect(text).toContain(path.join(' '))
    expect(text.toLowerCase()).toContain(plain(description).toLowerCase())
    for (const option of options) {
      expect(text, path.join(' ')).toContain(option.long)
      expect(text, path.join(' ')).toContain(plain(option.description))
    }
  }
})

test('the synopsis of a command with subcommands asks for one of them', async () => {
  const text = await showPage()
  expect(text).toContain('tcpconn analyze SUBCOMMAND [options] [arguments]')
  expect(text).toContain('tcpconn fleet SUBCOMMAND [options] [arguments]')
})

test('neither groff nor mandoc complain', async () => {
  expect(await run(['groff', '-man', '-ww', '-Tutf8', '-z', '-k', PAGE])).toMatchObject({ status: 0, stderr: '' })
  const { stdout } = await run(['mandoc', '-Tlint', '-Wwarning', PAGE])
  // A date would make two builds of the same sources differ.
  expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([])
})

test('begins with the name and one line of what it is, for apropos', async () => {
  expect(await showPage()).toMatch(/NAME tcpconn [-–] records every outbound TCP connect of a Linux host/)
})
