import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

const ORDER = 'layers(order)'
const PACKAGES = 'layers(packages)'
const IMPORT = 'eslint(no-restricted-imports)'
const GLOBAL = 'eslint(no-restricted-globals)'
const CLOCK = 'eslint(no-restricted-properties)'
const RULES = [
  ORDER,
  PACKAGES,
  IMPORT,
  GLOBAL,
  CLOCK,
  'import(no-cycle)',
  'import(no-default-export)',
  'oxc(no-barrel-file)',
]

type Planted = readonly [file: string, text: string]

/** Imports that make a cycle of folders, or lead from one stage to another. */
const WRONG_ORDER: readonly Planted[] = [
  ['src/text/planted.ts', `import { openTrace } from '../store/open-trace.js'`],
  ['src/store/planted.ts', `import type { Scope } from '../analyze/scan/scope.js'`],
  ['src/attempt/planted.ts', `export { record } from '../record/record.js'`],
  ['src/analyze/result/planted.ts', `await import('../queries/catalogue.js')`],
  ['src/record/host/planted.ts', `import '../session/pump.js'`],
  ['src/record/planted-stage.ts', `import { analyze } from '../analyze/analyze.js'`],
  ['src/record/event/planted-stage.ts', `import type { Result } from '../../analyze/result/result.js'`],
  ['src/analyze/planted-stage.ts', `import { record } from '../record/record.js'`],
  ['src/analyze/queries/diff/planted-stage.ts', `export { record } from '../../../record/record.js'`],
]

/** The rules must report every line. */
const OTHER_VIOLATIONS: ReadonlyArray<readonly [...Planted, rule: string]> = [
  ['src/planted.ts', `import koffi from 'koffi'`, PACKAGES],
  ['src/record/probe/planted.ts', `import koffi from 'koffi'`, PACKAGES],
  ['src/record/host/planted.ts', `await import('koffi/indirect')`, PACKAGES],
  ['src/cli.ts', `import koffi from 'koffi'\nimport Database from 'better-sqlite3'`, PACKAGES],
  ['src/record/planted-arrow.ts', `import { Table } from 'apache-arrow'`, PACKAGES],
  ['src/analyze/queries/planted.ts', `import { Zstd } from '@hpcc-js/wasm-zstd/dist'`, PACKAGES],
  ['src/analyze/result/planted.ts', `export { Table } from 'apache-arrow'`, PACKAGES],
  ['src/record/options/planted.ts', `import { Option } from 'commander'`, PACKAGES],
  ['src/analyze/info/planted.ts', `import type { Command } from 'commander'`, PACKAGES],
  ['src/record/session/planted.ts', `import Database from 'better-sqlite3'`, PACKAGES],
  ['src/analyze/scan/planted.ts', `import { type Database, SqliteError } from 'better-sqlite3'`, PACKAGES],
  ['src/record/write/planted.ts', `import { sql } from 'kysely'`, PACKAGES],
  ['src/text/planted-package.ts', `import { sql } from 'kysely'`, PACKAGES],

  ['src/text/planted-file.ts', `import { readFileSync } from 'node:fs'`, IMPORT],
  ['src/view/planted-timer.ts', `import { setTimeout } from 'node:timers/promises'`, IMPORT],
  ['src/sums/planted-clock.ts', `export const startedMs = Date.now()`, CLOCK],
  ['src/record/event/planted-clock.ts', `export const startedMs = performance.now()`, GLOBAL],
  ['src/record/status/render-planted.ts', `import { statSync } from 'node:fs'`, IMPORT],
  ['src/analyze/result/render-planted.ts', `process.stdout.write('hello')`, GLOBAL],
  ['src/record/write/decode-connect.ts', `import { readWallClock } from '../native/libc.js'`, IMPORT],

  ['src/store/planted-default.ts', `export default 1`, 'import(no-default-export)'],
  ['src/store/planted-barrel.ts', `export * from './migrate.js'`, 'oxc(no-barrel-file)'],
  ['src/store/cycle-a.ts', `import { b } from './cycle-b.js'; export const a = () => b()`, 'import(no-cycle)'],
  ['src/store/cycle-b.ts', `import { a } from './cycle-a.js'; export const b = () => a()`, 'import(no-cycle)'],
]

const ALLOWED: readonly Planted[] = [
  ['src/record/native/open-koffi.ts', `import koffi from 'koffi'`],
  [
    'src/analyze/export/open-arrow.ts',
    `import { Table } from 'apache-arrow'\nimport { Zstd } from '@hpcc-js/wasm-zstd'`,
  ],
  ['src/analyze/commands/open-commander.ts', `import { Command } from 'commander'`],
  ['src/store/open-database.ts', `import Database from 'better-sqlite3'\nimport { sql } from 'kysely'`],
  ['src/analyze/scan/open-types.ts', `import type { Database } from 'better-sqlite3'\nimport { sql } from 'kysely'`],
  ['src/record/host/open-types.ts', `import { type Database } from 'better-sqlite3'`],
  ['src/record/session/open-layer.ts', `import { createTraceWriter } from '../write/trace-writer.js'`],
]

interface Diagnostic {
  readonly filename: string
  readonly code: string
}

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcpconn-layers-'))
  for (const path of ['src', 'script', '.oxlintrc.json', 'tsconfig.json']) {
    cpSync(join(REPOSITORY, path), join(directory, path), { recursive: true })
  }
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('no folder of src/ is part of a cycle of imports (SEC-17)', () => {
  expect(lint()).toEqual([])
})

test('a planted import against the order of the layers is reported', () => {
  for (const violation of WRONG_ORDER) plant(violation)
  const found = lint()
  expect(found.filter(({ code }) => code !== ORDER)).toEqual([])
  const files = found.map(({ filename }) => filename)
  expect(WRONG_ORDER.map(([file]) => file).filter((file) => !files.includes(file))).toEqual([])
})

test('planted imports of a package, of I/O and of a clock are reported, and nothing else (SEC-17)', () => {
  for (const [file, text] of [...OTHER_VIOLATIONS, ...ALLOWED]) plant([file, text])
  const expected = OTHER_VIOLATIONS.flatMap(([filename, text, code]) =>
    text.split('\n').map(() => ({ filename, code })),
  )
  expect(sort(lint())).toEqual(sort(expected))
})

function plant([file, text]: Planted): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true })
  writeFileSync(join(directory, file), `${text}\n`)
}

function sort(found: readonly Diagnostic[]): string[] {
  return found.map(({ filename, code }) => `${filename} ${code}`).toSorted()
}

/** The reports of these rules for the copy. oxlint exits with 1 if it reports anything. */
function lint(): Diagnostic[] {
  const args = ['-c', `oxlint --format json src || [ $? = 1 ]`]
  const PATH = `${join(REPOSITORY, 'node_modules/.bin')}:${process.env.PATH}`
  const output = execFileSync('sh', args, { cwd: directory, env: { ...process.env, PATH }, encoding: 'utf8' })
  const { diagnostics } = JSON.parse(output) as { diagnostics: Diagnostic[] }
  return diagnostics.filter(({ code }) => RULES.includes(code)).map(({ filename, code }) => ({ filename, code }))
}
