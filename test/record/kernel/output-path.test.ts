import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'

const WORDS = 'not to be lost\n'.repeat(100)

describeKernel('an existing file at the output path', () => {
  test('a symbolic link is not followed (SEC-47)', async () => {
    const { file, target } = makePaths()
    writeFileSync(target, WORDS)
    symlinkSync(target, file)
    expectError(await recordInto(file), 'E_SYMLINK')
    expect(readFileSync(target, 'utf8')).toBe(WORDS)
    expect(readlinkSync(file)).toBe(target)
  })

  test('a symbolic link without a target: its target is not created', async () => {
    const { file, target } = makePaths()
    symlinkSync(target, file)
    expectError(await recordInto(file), 'E_SYMLINK')
    expect(existsSync(target)).toBe(false)
  })

  test.each([['-wal'], ['-shm'], ['-journal']])(
    "planted links named like SQLite's FILE%s are not followed (SEC-48)",
    async (suffix) => {
      for (const words of [WORDS, null]) {
        const { file, target } = makePaths()
        if (words !== null) writeFileSync(target, words)
        symlinkSync(target, `${file}${suffix}`)
        expectError(await recordInto(file), 'E_SYMLINK')
        expect(existsSync(file)).toBe(false)
        expect(existsSync(target) ? readFileSync(target, 'utf8') : null).toBe(words)
      }
    },
  )

  test('a text file does not change', async () => {
    const { file } = makePaths()
    writeFileSync(file, WORDS)
    expectError(await recordInto(file), 'E_NOT_SQLITE')
    expect(readFileSync(file, 'utf8')).toBe(WORDS)
  })

  test('a database of another program does not change', async () => {
    const { file } = makePaths()
    makeForeignDatabase(file).close()
    const bytes = readFileSync(file)
    expectError(await recordInto(file), 'E_NOT_A_TRACE')
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  test('a database of another program with a write-ahead log does not change', async () => {
    const { directory, file } = makePaths()
    const live = join(directory, 'live.db')
    const db = makeForeignDatabase(live)
    db.exec("PRAGMA journal_mode = WAL; INSERT INTO note VALUES ('only in the log')")
    // As a killed program leaves it.
    copyFileSync(live, file)
    copyFileSync(`${live}-wal`, `${file}-wal`)
    db.close()
    const read = () => ['', '-wal'].map((suffix) => existsSync(`${file}${suffix}`) && readFileSync(`${file}${suffix}`))
    const before = read()
    expectError(await recordInto(file), 'E_NOT_A_TRACE')
    expect(read()).toEqual(before)
  })

  test('a directory is refused', async () => {
    const { file } = makePaths()
    mkdirSync(file)
    expectError(await recordInto(file), 'E_CANNOT_OPEN')
    expect(readdirSync(file)).toEqual([])
  })

  test.each([
    ['a FIFO', (file: string) => void execFileSync('mkfifo', [file])],
    ['a device', (file: string) => void execFileSync('mknod', [file, 'c', '1', '3'])],
  ])('%s: refused without blocking (SEC-51)', async (_, make) => {
    const { file } = makePaths()
    make(file)
    const before = lstatSync(file)
    expectError(await recordInto(file), 'E_CANNOT_OPEN')
    expect({ ...lstatSync(file), atimeMs: 0, atime: 0 }).toEqual({ ...before, atimeMs: 0, atime: 0 })
  })

  test('an empty file becomes a trace', async () => {
    const { file } = makePaths()
    writeFileSync(file, '')
    expect(await recordInto(file)).toMatchObject({ status: 0 })
  })
})

function makePaths() {
  const directory = makeTemporaryDirectory()
  return { directory, file: join(directory, 'trace.db'), target: join(directory, 'target') }
}

function recordInto(file: string) {
  return runTool(['record', file, '--duration', '10ms'])
}

function makeForeignDatabase(file: string): Database.Database {
  const db = new Database(file)
  db.exec("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('not ours')")
  return db
}
