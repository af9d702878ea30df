import { chmodSync, copyFileSync, existsSync, linkSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { openOutput } from '../../src/record/output/open-output.js'
import { closeLeftTrace, describeMissingLog, findLeftLog } from '../../src/store/left-log.js'
import { isWalFile } from '../../src/store/wal-mode.js'
import { copyOfKilled, makeClosedTrace, newPath } from '../record/session/output-files.js'
import { addSession } from '../record/new-trace.js'
import { runTool } from '../support/tool.js'

/** A trace whose recording ended while a reader kept its log open. */
function makeLeftTrace(): string {
  const output = openOutput(newPath())
  addSession(output.db)
  output.db.exec('UPDATE session SET duration_ns = 1')
  const path = newPath()
  for (const suffix of ['', '-wal']) copyFileSync(output.path + suffix, path + suffix)
  output.close()
  return path
}

/** A copy of FILE alone, without the end of the session. */
function copyWithoutLog(): string {
  const output = openOutput(newPath())
  addSession(output.db)
  output.db.pragma('wal_checkpoint(TRUNCATE)')
  output.db.exec('UPDATE session SET duration_ns = 1')
  const path = newPath()
  copyFileSync(output.path, path)
  output.close()
  return path
}

describe('a trace whose recording ended while it was read', () => {
  test('is closed with everything in its log', () => {
    const path = makeLeftTrace()
    expect(findLeftLog(path)).toBe(`${path}-wal`)
    closeLeftTrace(path)
    expect(readdirSync(dirname(path))).toEqual(['trace.db'])
    expect(isWalFile(path)).toBe(false)
    expect(describeTrace(path)[0]).toContain('1 session')
  })

  test.each([
    ['info', (path: string) => ['info', path]],
    ['analyze', (path: string) => ['analyze', 'summary', path]],
    ['export', (path: string) => ['export', path, '--format', 'csv']],
    ['replay', (path: string) => ['replay', path]],
  ])('is closed by %s (SEC-49)', async (_, command) => {
    const path = makeLeftTrace()
    expect((await runTool(command(path))).status).toBe(0)
    expect(readdirSync(dirname(path))).toEqual(['trace.db'])
  })

  test('does not change if others can write its directory, if it is read-only, or if it has a second name (SEC-49)', () => {
    const [shared, readOnly, linked] = [makeLeftTrace(), makeLeftTrace(), makeLeftTrace()]
    chmodSync(dirname(shared), 0o777)
    chmodSync(readOnly, 0o444)
    linkSync(linked, `${linked}-other`)
    for (const path of [shared, readOnly, linked]) {
      closeLeftTrace(path)
      expect(existsSync(`${path}-wal`)).toBe(true)
      expect(isWalFile(path)).toBe(true)
    }
  })

  test('does not change while the reader has it open', () => {
    const path = makeLeftTrace()
    const reader = new Database(path, { readonly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM session').get()
    closeLeftTrace(path)
    expect(findLeftLog(path)).toBe(`${path}-wal`)
    reader.close()
    closeLeftTrace(path)
    expect(findLeftLog(path)).toBeNull()
  })

  test('of a killed recorder keeps its log (SEC-49)', () => {
    const path = copyOfKilled()
    closeLeftTrace(path)
    expect(findLeftLog(path)).toBe(`${path}-wal`)
  })
})

describe('a copy without its log', () => {
  test('is reported by info, every time', () => {
    const path = copyWithoutLog()
    for (let i = 0; i < 2; i++) {
      expect(describeTrace(path)[1]).toBe(
        `${path} was not closed and ${path}-wal is missing: attempts may be missing; copy both files`,
      )
    }
  })

  test.each([
    ['analyze', (path: string) => ['analyze', 'top-endpoints', path, '--format', 'json']],
    ['export', (path: string) => ['export', path, '--format', 'csv']],
    ['replay', (path: string) => ['replay', path]],
  ])('is reported by %s', async (_, command) => {
    const path = copyWithoutLog()
    expect((await runTool(command(path))).stderr).toContain(`${path}-wal is missing`)
  })

  test('without a session is reported with the file that must be copied too', async () => {
    const [whole, path] = [copyOfKilled(), newPath()]
    copyFileSync(whole, path)
    expect((await runTool(['analyze', 'summary', path])).stderr).toContain(`copy ${path}-wal together with the trace`)
  })
})

test('a closed trace lacks nothing, even if another program moved its log into it', () => {
  expect(describeMissingLog(makeClosedTrace())).toBeNull()
  const path = makeLeftTrace()
  new Database(path).exec('SELECT count(*) FROM session').close()
  expect([isWalFile(path), findLeftLog(path)]).toEqual([true, null])
  expect(describeMissingLog(path)).toBeNull()
})
