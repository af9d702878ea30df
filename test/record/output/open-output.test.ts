import { chmodSync, copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LAST_CLOSE_WAIT_MS, openOutput, type Output } from '../../../src/record/output/open-output.js'
import { APPLICATION_ID, latestVersion } from '../../../src/store/migrate.js'
import { insertSession, insertWindow, makeVersion1Trace } from '../../store/hand-made-trace.js'
import { start } from '../../support/process.js'
import { waitUntil } from '../../support/wait-until.js'
import { addSession, createWriter } from '../new-trace.js'
import { write } from '../write/written-trace.js'
import { makeClosedTrace, newPath, refusal } from '../session/output-files.js'

/** Opens an output that is closed when the test ends. */
function open(path: string): Output {
  const output = openOutput(path)
  onTestFinished(() => void (output.db.open && output.close()))
  return output
}

describe('a new file', () => {
  test('is a trace of the latest version, readable only by its owner', () => {
    const umask = process.umask(0)
    onTestFinished(() => void process.umask(umask))
    const path = newPath()
    const { db } = open(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(db.pragma('user_version', { simple: true })).toBe(latestVersion())
    expect(db.pragma('application_id', { simple: true })).toBe(APPLICATION_ID)
  })

  test('is readable by others while it is written', () => {
    const path = newPath()
    const { db } = open(path)
    addSession(db)
    const reader = new Database(path, { readonly: true })
    expect(reader.prepare('SELECT count(*) FROM session').pluck().get()).toBe(1)
    reader.close()
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
  })

  test('may exist before, empty', () => {
    const path = newPath()
    writeFileSync(path, '')
    addSession(open(path).db)
  })

  test('has a size that includes the write-ahead log', () => {
    const path = newPath()
    const output = open(path)
    addSession(output.db)
    expect(output.sizeBytes()).toBe(statSync(path).size + statSync(`${path}-wal`).size)
  })
})

describe('closing', () => {
  test('leaves one file, in rollback-journal mode', () => {
    const path = makeClosedTrace()
    expect(readdirSync(dirname(path))).toEqual(['trace.db'])
    const db = new Database(path, { readonly: true })
    expect(db.pragma('journal_mode', { simple: true })).toBe('delete')
    db.close()
  })

  test('waits for a reader that finishes soon', () => {
    const path = newPath()
    const waits: number[] = []
    const output = openOutput(path, 'any', 0, (milliseconds) => {
      if (waits.push(milliseconds) === 3) reader.close()
    })
    addSession(output.db)
    const reader = new Database(path, { readonly: true })
    reader.prepare('SELECT count(*) FROM session').get()
    output.close(2000)
    expect(waits).toEqual([20, 20, 20])
    expect(readdirSync(dirname(path))).toEqual(['trace.db'])
  })

  test.each([
    [0.1, undefined],
    [2, LAST_CLOSE_WAIT_MS],
  ])('waits %d s for a reader that does not finish', (seconds, waitMs) => {
    const path = newPath()
    let waitedMs = 0
    const output = openOutput(path, 'any', 0, (milliseconds) => void (waitedMs += milliseconds))
    addSession(output.db)
    const reader = new Database(path, { readonly: true })
    reader.prepare('SELECT count(*) FROM session').get()
    output.close(waitMs)
    expect(waitedMs).toBe(seconds * 1000)
    expect(existsSync(`${path}-wal`)).toBe(true)
    reader.close()
  })

  test('leaves a complete file if somebody is still reading', () => {
    const path = newPath()
    const output = open(path)
    addSession(output.db)
    const reader = new Database(path, { readonly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM session').get()
    output.close()
    reader.exec('COMMIT')
    reader.close()
    const db = new Database(path)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(db.prepare('SELECT count(*) FROM session').pluck().get()).toBe(1)
    db.close()
  })

  test('checkpoints everything into the file while another program has it open without reading', () => {
    const path = newPath()
    const output = open(path)
    addSession(output.db)
    const reader = new Database(path, { readonly: true })
    reader.prepare('SELECT count(*) FROM session').get()
    addSession(output.db)
    output.close()
    const copy = newPath()
    copyFileSync(path, copy)
    const alone = new Database(copy, { readonly: true })
    expect(alone.prepare('SELECT count(*) FROM session').pluck().get()).toBe(2)
    alone.close()
    reader.close()
  })

  test('lets the next recording append to the file, and makes it accessible only to its owner (SEC-46)', () => {
    const path = makeClosedTrace()
    chmodSync(path, 0o640)
    const output = open(path)
    expect(addSession(output.db)).toBe(2)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})

test('recording into a trace of version 1 upgrades it: its old windows have no sums, new windows have them', () => {
  const trace = makeVersion1Trace()
  insertWindow(trace, insertSession(trace))
  trace.db.close()
  const { db } = open(trace.file)
  const writer = createWriter({ db, sessionId: addSession(db) })
  write(writer, [{}])
  writer.flushWindow()
  expect(db.pragma('user_version', { simple: true })).toBe(latestVersion())
  expect(db.prepare('SELECT session_id FROM latency_window ORDER BY 1').pluck().all()).toEqual([1, 2])
  expect(db.prepare('SELECT window_id, dimension FROM window_sums ORDER BY 2').raw().all()).toEqual([
    [2, 'endpoint'],
    [2, 'process'],
    [2, 'second'],
  ])
})

describe('a file that is being recorded into', () => {
  test('by another process is refused until that process ends', async () => {
    const path = makeClosedTrace()
    const sign = join(dirname(path), 'locked')
    const holder = start(['flock', '--exclusive', '--no-fork', path, 'sh', '-c', ': > "$0"; exec cat', sign])
    await waitUntil('the lock', () => existsSync(sign))
    expect(refusal(path).code).toBe('E_BUSY_TRACE')
    holder.child.stdin.end()
    await holder.finished
    expect(addSession(open(path).db)).toBe(2)
  })

  test('by this process is refused until it is closed', () => {
    const path = newPath()
    const output = open(path)
    expect(refusal(path).code).toBe('E_BUSY_TRACE')
    output.close()
    expect(addSession(open(path).db)).toBe(1)
  })
})
