import {
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import type { Limit } from '../../../src/record/options/parse-rotation.js'
import { createFileNames } from '../../../src/record/rotate/file-names.js'
import { createTidyFiles } from '../../../src/record/rotate/tidy-files.js'
import { openOutput, type Output } from '../../../src/record/session/open-output.js'
import { insertSession } from '../../../src/record/session/session-row.js'
import { openTrace } from '../../../src/store/open-trace.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const SECOND = Date.UTC(2026, 10, 25, 22, 15) / 1000

/** A directory with traces of a rotating recording, and one that runs. */
function createScene(keep: Limit | null) {
  const names = createFileNames(join(makeTemporaryDirectory(), 'a.db'))
  const open = (index: number): Output => {
    const startedUnixNs = BigInt(SECOND + index) * 1_000_000_000n
    const output = openOutput(names.pathAt(startedUnixNs, 0), 'new')
    const start = { toolVersion: '1.0.0', filters: '{}', ringBytes: 4096, dnsSource: null, localErrors: false }
    insertSession(output.db, { ...start, commandLine: 'tcpconn record a.db --rotate 1h', startedUnixNs })
    return output
  }
  const clock = { ms: 0, perLookMs: 0 }
  const tell = vi.fn()
  const tidy = createTidyFiles({ names, keep, tell, now: () => (clock.ms += clock.perLookMs) })
  const running = open(100)
  const step = () => tidy.step(running)
  const settle = () => {
    for (let i = 0; i < 200; i++) step()
  }
  const list = () => readdirSync(names.directory).filter((name) => name.endsWith('.db')).length
  return { names, open, clock, tell, tidy, running, step, settle, list }
}

describe('files that are to be kept no longer', () => {
  test('go once a minute, and at once when there is a new file', () => {
    const { open, clock, tidy, settle, list } = createScene({ bytes: 1 })
    settle()
    open(1).close()
    settle()
    expect(list()).toBe(2)
    clock.ms += 60_000
    settle()
    expect(list()).toBe(1)
    open(2).close()
    tidy.lookAgain()
    settle()
    expect(list()).toBe(1)
  })

  test('all stay without --keep', () => {
    const { open, settle, list } = createScene(null)
    open(1).close()
    settle()
    expect(list()).toBe(2)
  })

  test('by age', () => {
    const { open, settle, names, list } = createScene({ ns: 3600e9 })
    open(1).close()
    open(2).close()
    const hourAgo = Date.now() / 1000 - 3700
    utimesSync(join(names.directory, 'a-20261125T221501Z.db'), hourAgo, hourAgo)
    settle()
    expect(list()).toBe(2)
    expect(existsSync(join(names.directory, 'a-20261125T221502Z.db'))).toBe(true)
  })

  test('one at a time: what takes long is not done in one step', () => {
    const { open, clock, step, list } = createScene({ bytes: 1 })
    for (let i = 0; i < 5; i++) open(i).close()
    // Each of them takes longer than a step may.
    clock.perLookMs = 11
    const counts = Array.from({ length: 40 }, () => (step(), list()))
    expect(counts.every((count, i) => (counts[i - 1] ?? 6) - count <= 1)).toBe(true)
    expect(counts.at(-1)).toBe(1)
  })
})

describe('what a killed recorder left open', () => {
  test('is closed, with all that was committed', () => {
    const { open, settle, names } = createScene(null)
    const source = open(1)
    const killed = join(makeTemporaryDirectory(), 'a-20261125T221501Z.db')
    for (const suffix of ['', '-wal']) copyFileSync(source.path + suffix, killed + suffix)
    source.close()
    const path = join(names.directory, 'a-20261125T221501Z.db')
    for (const suffix of ['', '-wal']) renameSync(killed + suffix, path + suffix)
    settle()
    expect(readdirSync(names.directory).filter((name) => name.includes('01Z'))).toEqual(['a-20261125T221501Z.db'])
    const db = openTrace(path)
    expect(db.prepare('SELECT duration_ns FROM session').raw().all()).toEqual([[null]])
    db.close()
  })

  test('is closed too when it was killed in the middle of that', () => {
    const { settle, names } = createScene(null)
    const path = join(names.directory, 'a-20261125T221501Z.db')
    const source = openOutput(path, 'new')
    const start = { toolVersion: '1.0.0', filters: '{}', ringBytes: 4096, dnsSource: null, localErrors: false }
    const startedUnixNs = BigInt(SECOND + 1) * 1_000_000_000n
    insertSession(source.db, { ...start, commandLine: 'tcpconn record --rotate 1h', startedUnixNs })
    source.close()
    const db = new Database(path)
    // Large enough to spill pages into the file before the commit, so that the journal is needed to take them back.
    db.pragma('cache_size = 1')
    db.exec('BEGIN; UPDATE session SET command_line = hex(zeroblob(100000))')
    const copies = ['', '-journal'].map((suffix) => readFileSync(path + suffix))
    db.close()
    copies.forEach((bytes, i) => writeFileSync(`${path}${i === 0 ? '' : '-journal'}`, bytes))
    settle()
    expect(existsSync(`${path}-journal`)).toBe(false)
    const read = openTrace(path)
    expect(read.prepare('SELECT command_line FROM session').pluck().get()).toBe('tcpconn record --rotate 1h')
    read.close()
  })

  test('is removed when there is not even a session in it', () => {
    const { settle, names, list } = createScene(null)
    openOutput(join(names.directory, 'a-20261125T221501Z.db'), 'new').close()
    openOutput(join(names.directory, 'another.db'), 'new').close()
    expect(list()).toBe(3)
    settle()
    expect(list()).toBe(2)
    expect(existsSync(join(names.directory, 'another.db'))).toBe(true)
  })

  test('and one that another process records into is left alone', () => {
    const { open, settle, list } = createScene({ bytes: 1 })
    const others = open(1)
    settle()
    expect(list()).toBe(2)
    expect(existsSync(`${others.path}-wal`)).toBe(true)
    others.close()
  })
})

test('a directory that is gone is told once', () => {
  const { names, clock, settle, tell } = createScene({ bytes: 1 })
  rmSync(names.directory, { recursive: true })
  settle()
  clock.ms += 60_000
  settle()
  expect(tell).toHaveBeenCalledTimes(1)
  expect(tell.mock.calls[0]?.[0]).toMatch(/^cannot look for files in .*; recording goes on$/)
})
