import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

const PACKAGE = 'eslint(no-restricted-imports)'
const GLOBAL = 'eslint(no-restricted-globals)'
const CLOCK = 'eslint(no-restricted-properties)'
const RULES = [PACKAGE, GLOBAL, CLOCK, 'import(no-cycle)', 'import(no-default-export)', 'oxc(no-barrel-file)']

const COMMAND = `import koffi from 'koffi'\nimport Database from 'better-sqlite3'\n`

/** Where what is planted, and the rule that has to fire for every line of it. */
const VIOLATIONS: Array<[file: string, text: string, rule: string]> = [
  ['src/record/planted.ts', `import { analyze } from '../analyze/analyze.js'`, PACKAGE],
  ['src/record/session/planted.ts', `import type { Result } from '../../analyze/result/result.js'`, PACKAGE],
  ['src/record/write/planted.ts', `export * from '../../analyze/result/result.js'`, PACKAGE],
  ['src/record/probe/planted.ts', `await import('../../analyze/analyze.js')`, PACKAGE],
  ['src/record/decode/planted.ts', `import '../../analyze/analyze.js'`, PACKAGE],
  ['src/analyze/planted.ts', `import { record } from '../record/record.js'`, PACKAGE],
  ['src/analyze/queries/planted.ts', `import type { Loss } from '../../record/write/trace-writer.js'`, PACKAGE],
  ['src/analyze/export/planted.ts', `export { record } from '../../record/record.js'`, PACKAGE],
  ['src/store/planted.ts', `import { record } from '../record/record.js'`, PACKAGE],
  ['src/store/planted-too.ts', `import { analyze } from '../analyze/analyze.js'`, PACKAGE],
  ['src/view/planted.ts', `import { analyze } from '../analyze/analyze.js'`, PACKAGE],
  ['src/aliases/planted.ts', `import { record } from '../record/record.js'`, PACKAGE],
  ['src/show/planted.ts', `import { analyze } from '../analyze/analyze.js'`, PACKAGE],

  ['src/planted.ts', `import koffi from 'koffi'`, PACKAGE],
  ['src/analyze/trace/planted.ts', `import koffi from 'koffi'`, PACKAGE],
  ['src/store/planted-koffi.ts', `import koffi from 'koffi'`, PACKAGE],
  ['src/record/session/planted-koffi.ts', `import koffi from 'koffi'`, PACKAGE],
  ['src/record/host/planted.ts', `await import('koffi/indirect')`, PACKAGE],
  ['src/record/planted-arrow.ts', `import { Table } from 'apache-arrow'`, PACKAGE],
  ['src/analyze/result/planted.ts', `import { Table } from 'apache-arrow'`, PACKAGE],
  ['src/analyze/queries/planted-parquet.ts', `import { Zstd } from '@hpcc-js/wasm-zstd/dist'`, PACKAGE],
  ['src/store/planted-parquet.ts', `import { Zstd } from '@hpcc-js/wasm-zstd'`, PACKAGE],
  ['src/record/options/planted.ts', `import { Option } from 'commander'`, PACKAGE],
  ['src/record/probe/planted-commander.ts', `import type { Command } from 'commander'`, PACKAGE],
  ['src/analyze/info/planted.ts', `import { Command } from 'commander'`, PACKAGE],
  ['src/analyze/export/planted-commander.ts', `import { Command } from 'commander'`, PACKAGE],
  ['src/planted-database.ts', `import Database from 'better-sqlite3'`, PACKAGE],
  ['src/analyze/trace/planted-database.ts', `import Database from 'better-sqlite3'`, PACKAGE],
  ['src/analyze/export/planted-database.ts', `import { type Database, SqliteError } from 'better-sqlite3'`, PACKAGE],
  ['src/record/host/planted-database.ts', `import Database from 'better-sqlite3'`, PACKAGE],
  ['src/record/write/planted-kysely.ts', `import { sql } from 'kysely'`, PACKAGE],
  ['src/record/status/planted.ts', `import type { Kysely } from 'kysely'`, PACKAGE],

  ['src/show/planted-file.ts', `import { readFileSync } from 'node:fs'`, PACKAGE],
  ['src/show/planted-timer.ts', `import { setTimeout } from 'node:timers/promises'`, PACKAGE],
  ['src/show/planted-clock.ts', `export const startedMs = Date.now()`, CLOCK],
  ['src/record/decode/planted-file.ts', `import { readFileSync } from 'node:fs'`, PACKAGE],
  ['src/record/decode/planted-probe.ts', `import { readWallClock } from '../probe/libc.js'`, PACKAGE],
  ['src/record/decode/planted-clock.ts', `export const startedMs = performance.now()`, GLOBAL],
  ['src/record/intern/planted-database.ts', `import type { Database } from 'better-sqlite3'`, PACKAGE],
  ['src/record/intern/planted-process.ts', `process.stderr.write('hello')`, GLOBAL],
  ['src/record/status/render-planted.ts', `import { statSync } from 'node:fs'`, PACKAGE],
  ['src/analyze/result/render-planted.ts', `process.stdout.write('hello')`, GLOBAL],

  ['src/show/planted-package.ts', `import { sql } from 'kysely'`, PACKAGE],
  ['src/record/probe/planted-database.ts', `import Database from 'better-sqlite3'`, PACKAGE],
  ['src/cli.ts', `import koffi from 'koffi'\nimport Database from 'better-sqlite3'`, PACKAGE],
  ['src/live/command.ts', `import { sql } from 'kysely'\nimport Database from 'better-sqlite3'`, PACKAGE],
  ['src/record/command.ts', `${COMMAND}import { analyze } from '../analyze/analyze.js'`, PACKAGE],
  ['src/analyze/command.ts', `${COMMAND}import { record } from '../record/record.js'`, PACKAGE],
  ['src/analyze/commands/planted.ts', `${COMMAND}import { Table } from 'apache-arrow'`, PACKAGE],
  ['src/analyze/output/planted.ts', `import { Zstd } from '@hpcc-js/wasm-zstd'`, PACKAGE],

  ['src/store/planted-default.ts', `export default 1`, 'import(no-default-export)'],
  ['src/store/planted-barrel.ts', `export * from './outcome.js'`, 'oxc(no-barrel-file)'],
  ['src/store/cycle-a.ts', `import { b } from './cycle-b.js'; export const a = () => b()`, 'import(no-cycle)'],
  ['src/store/cycle-b.ts', `import { a } from './cycle-a.js'; export const b = () => a()`, 'import(no-cycle)'],
]

/** Doors that are open. */
const ALLOWED: Array<[file: string, text: string]> = [
  ['src/record/probe/open-koffi.ts', `import koffi from 'koffi'`],
  [
    'src/analyze/export/open-arrow.ts',
    `import { Table } from 'apache-arrow'\nimport { Zstd } from '@hpcc-js/wasm-zstd'`,
  ],
  ['src/replay/command.ts', `import { Command } from 'commander'`],
  ['src/analyze/commands/open-commander.ts', `import { Command } from 'commander'`],
  ['src/store/open-database.ts', `import Database from 'better-sqlite3'\nimport { sql } from 'kysely'`],
  ['src/record/session/open-database.ts', `import Database from 'better-sqlite3'`],
  ['src/record/write/open-database.ts', `import Database from 'better-sqlite3'`],
  ['src/analyze/trace/open-types.ts', `import type { Database } from 'better-sqlite3'\nimport { sql } from 'kysely'`],
  ['src/record/host/open-types.ts', `import { type Database } from 'better-sqlite3'`],
  ['src/record/decode/open-layout.ts', `import { connectEvent } from '../probe/wire.gen.js'`],
]

interface Diagnostic {
  readonly filename: string
  readonly code: string
}

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcpconn-doors-'))
  for (const path of ['src', '.oxlintrc.json', 'tsconfig.json']) {
    cpSync(join(REPOSITORY, path), join(directory, path), { recursive: true })
  }
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('the source keeps to its doors', () => {
  expect(lint()).toEqual([])
})

describe('a planted violation', () => {
  let found: Diagnostic[]

  beforeAll(() => {
    for (const [file, text] of [...VIOLATIONS, ...ALLOWED]) plant(file, text)
    found = lint()
  })

  test.each(VIOLATIONS)('%s: %s', (file, text, rule) => {
    const codes = found.filter(({ filename }) => filename === file).map(({ code }) => code)
    expect(codes.filter((code) => code === rule)).toHaveLength(text.split('\n').length)
  })

  test.each(ALLOWED)('%s is none: %s', (file) => {
    expect(found.filter(({ filename }) => filename === file)).toEqual([])
  })

  test('and nothing else is complained about', () => {
    const planted = new Set(VIOLATIONS.map(([file]) => file))
    expect(found.filter(({ filename }) => !planted.has(filename))).toEqual([])
  })
})

function plant(file: string, text: string): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true })
  writeFileSync(join(directory, file), `${text}\n`)
}

/** What the door rules find in the copy. oxlint ends with 1 when it finds anything. */
function lint(): Diagnostic[] {
  const args = ['-c', `oxlint --format json src || [ $? = 1 ]`]
  const PATH = `${join(REPOSITORY, 'node_modules/.bin')}:${process.env.PATH}`
  const output = execFileSync('sh', args, { cwd: directory, env: { ...process.env, PATH }, encoding: 'utf8' })
  const { diagnostics } = JSON.parse(output) as { diagnostics: Diagnostic[] }
  return diagnostics.filter(({ code }) => RULES.includes(code)).map(({ filename, code }) => ({ filename, code }))
}
