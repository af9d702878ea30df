import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { hostname } from 'node:os'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { flock } from '../../../src/record/native/libc.js'
import type { Limit } from '../../../src/record/options/parse-rotation.js'
import { createFileNames } from '../../../src/record/retention/file-names.js'
import { createRetention, applyRetention } from '../../../src/record/retention/retention.js'
import { openOutput, type Output } from '../../../src/record/output/open-output.js'
import { insertSession } from '../../../src/record/session/session-row.js'
import { openDatabase } from '../../../src/store/open-database.js'
import { openTrace } from '../../../src/store/open-trace.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { PLAIN_SESSION } from '../new-trace.js'

/** Records the options with which databases are opened. */
vi.mock(import('../../../src/store/open-database.js'), async (original) => {
  const module = await original()
  return { ...module, openDatabase: vi.fn(module.openDatabase) }
})

const SECOND = Date.UTC(2026, 10, 25, 22, 15) / 1000
const HOUR_MS = 3_600_000
const HOUR = { ns: 3600e9 }
const LOCK_EX = 2

/** A directory with files of a rotating recording. One of them is being recorded into. */
function createScene(keep: Limit | null) {
  const names = createFileNames(join(makeTemporaryDirectory(), 'a.db'))
  const open = (index: number, rotationBase: string | null = 'a.db'): Output => {
    const startedUnixNs = BigInt(SECOND + index) * 1_000_000_000n
    const output = openOutput(names.pathAt(startedUnixNs, 0), 'new')
    insertSession(output.db, { ...PLAIN_SESSION, host: hostname(), rotationBase, startedUnixNs })
    return output
  }
  const beginMs = Date.now()
  const clock = { ms: 0, perLookMs: 0, setAheadMs: 0 }
  const report = vi.fn()
  const clocks = {
    now: () => (clock.ms += clock.perLookMs),
    sinceBoot: () => clock.ms,
    wall: () => beginMs + clock.ms + clock.setAheadMs,
  }
  const retention = createRetention({ names, keep, report, clocks })
  const running = open(100)
  const step = () => retention.step(running)
  const settle = () => {
    for (let i = 0; i < 200; i++) step()
  }
  const settleLater = (milliseconds: number) => {
    clock.ms += milliseconds
    settle()
  }
  const list = () => readdirSync(names.directory).filter((name) => name.endsWith('.db')).length
  return { names, open, clock, report, retention, running, step, settle, settleLater, list }
}

/** Sets the time of the last write of a file. */
function date(path: string, unixMs: number): void {
  utimesSync(path, unixMs / 1000, unixMs / 1000)
}

/** Turns an open file into one that a killed recorder left. */
function kill(output: Output): string {
  const copies = ['', '-wal'].map((suffix) => [output.path + suffix, readFileSync(output.path + suffix)] as const)
  output.close()
  for (const [path, bytes] of copies) writeFileSync(path, bytes)
  return output.path
}

/** Leaves a file with an unfinished transaction: some of its pages are written, so its journal is needed. */
function cutOff(output: Output): string {
  const { path } = output
  output.close()
  const db = new Database(path)
  db.pragma('cache_size = 1')
  db.exec('BEGIN; UPDATE session SET command_line = hex(zeroblob(100000))')
  const copies = ['', '-journal'].map((suffix) => [path + suffix, readFileSync(path + suffix)] as const)
  db.close()
  for (const [name, bytes] of copies) writeFileSync(name, bytes)
  return path
}

/**
 * Locks a file as a recorder does.
 * @returns a function that unlocks it
 */
function lock(path: string): () => void {
  const fd = openSync(path, 'r')
  expect(flock(fd, LOCK_EX)).toBe(0)
  return () => closeSync(fd)
}

function readCommandLine(path: string): unknown {
  const db = openTrace(path)
  try {
    return db.prepare('SELECT command_line FROM session').pluck().get()
  } finally {
    db.close()
  }
}

describe('expired files', () => {
  test('are removed once a minute, and at once after a rotation', () => {
    const { open, clock, retention, settle, list } = createScene({ bytes: 1 })
    settle()
    open(1).close()
    settle()
    expect(list()).toBe(2)
    clock.ms += 60_000
    settle()
    expect(list()).toBe(1)
    open(2).close()
    retention.lookAgain()
    settle()
    expect(list()).toBe(1)
  })

  test('are never removed without --keep', () => {
    const { open, settle, list } = createScene(null)
    open(1).close()
    settle()
    expect(list()).toBe(2)
  })

  test('are removed by age', () => {
    const { open, settle, list } = createScene(HOUR)
    const [old, recent] = [open(1), open(2)]
    for (const one of [old, recent]) one.close()
    date(old.path, Date.now() - HOUR_MS - 100_000)
    settle()
    expect(list()).toBe(2)
    expect(existsSync(recent.path)).toBe(true)
  })

  test('are all removed at once before recording starts', () => {
    const { open, names, report } = createScene(null)
    for (let i = 0; i < 5; i++) open(i).close()
    const left = open(5)
    applyRetention({ names, keep: { bytes: 1 }, report })
    expect(existsSync(left.path)).toBe(true)
    expect(existsSync(names.pathAt(BigInt(SECOND) * 1_000_000_000n, 0))).toBe(false)
    left.close()
  })

  test('are removed one per step, so that a step is short', () => {
    const { open, clock, step, list } = createScene({ bytes: 1 })
    for (let i = 0; i < 5; i++) open(i).close()
    // Each removal takes longer than a step may take.
    clock.perLookMs = 11
    const counts = Array.from({ length: 40 }, () => (step(), list()))
    expect(counts.every((count, i) => (counts[i - 1] ?? 6) - count <= 1)).toBe(true)
    expect(counts.at(-1)).toBe(1)
  })
})

describe('a wrong clock', () => {
  test('a file dated in the future never expires by age, and is the first to be removed by size', () => {
    const old = createScene(HOUR)
    const dated = old.open(1)
    dated.close()
    date(dated.path, Date.now() + 365 * 24 * HOUR_MS)
    old.settleLater(10 * HOUR_MS)
    expect(existsSync(dated.path)).toBe(true)
    const { open, settle } = createScene({ bytes: 300_000 })
    const [ahead, behind] = [open(1), open(2)]
    for (const file of [ahead, behind]) file.close()
    date(ahead.path, Date.now() + 365 * 24 * HOUR_MS)
    settle()
    expect([ahead, behind].map(({ path }) => existsSync(path))).toEqual([false, true])
  })

  test('a clock that is late, as after a battery failure, removes no file, and neither does setting it right', () => {
    const { open, clock, settle, settleLater, list } = createScene({ ns: 7 * 24 * HOUR_MS * 1e6 })
    open(1).close()
    clock.setAheadMs = -50 * 365 * 24 * HOUR_MS
    settle()
    settleLater(HOUR_MS * 2)
    clock.setAheadMs = 0
    settleLater(60_000)
    settleLater(HOUR_MS * 2)
    expect(list()).toBe(2)
  })

  test('a clock that is set forward removes nothing by age for an hour', () => {
    const { open, clock, settle, settleLater, list } = createScene(HOUR)
    open(1).close()
    settle()
    clock.setAheadMs = 24 * HOUR_MS
    settleLater(60_000)
    settleLater(HOUR_MS - 120_000)
    expect(list()).toBe(2)
    clock.setAheadMs = 0
    settleLater(60_000)
    settleLater(HOUR_MS - 60_000)
    expect(list()).toBe(2)
    settleLater(120_000)
    expect(list()).toBe(1)
  })

  test('a clock that stays ahead is trusted after that hour', () => {
    const { open, clock, settle, settleLater, list } = createScene(HOUR)
    open(1).close()
    settle()
    clock.setAheadMs = 24 * HOUR_MS
    settleLater(60_000)
    settleLater(HOUR_MS + 60_000)
    expect(list()).toBe(1)
  })

  test('files are still removed by size', () => {
    const { open, clock, settle, settleLater, list } = createScene({ bytes: 1 })
    settle()
    open(1).close()
    clock.setAheadMs = 24 * HOUR_MS
    settleLater(60_000)
    expect(list()).toBe(1)
  })
})

describe('a file that a killed recorder left open', () => {
  test('is closed, with everything that was committed', () => {
    const { open, settle, names } = createScene(null)
    const path = kill(open(1))
    settle()
    expect(readdirSync(names.directory).filter((name) => name.includes('01Z'))).toEqual(['a-20261125T221501Z.db'])
    const db = openTrace(path)
    expect(db.prepare('SELECT duration_ns FROM session').raw().all()).toEqual([[null]])
    db.close()
  })

  test('is kept because closing it is its last write', () => {
    const { open, settle } = createScene(HOUR)
    const path = kill(open(1))
    for (const suffix of ['', '-wal']) date(path + suffix, Date.now() - 2 * HOUR_MS)
    settle()
    expect([existsSync(path), existsSync(`${path}-wal`)]).toEqual([true, false])
  })

  test('is closed even if the recorder was killed while it closed the file', () => {
    const { open, settle } = createScene(null)
    const path = cutOff(open(1))
    settle()
    expect(existsSync(`${path}-journal`)).toBe(false)
    expect(readCommandLine(path)).toBe(PLAIN_SESSION.commandLine)
  })

  test('is closed later if another process holds its lock at first', () => {
    const { open, settle, settleLater } = createScene(null)
    const path = kill(open(1))
    const release = lock(path)
    settle()
    expect(existsSync(`${path}-wal`)).toBe(true)
    release()
    settleLater(60_000)
    expect(existsSync(`${path}-wal`)).toBe(false)
  })

  test('is opened without waiting for the lock of another program', () => {
    const { open, settle, settleLater, report } = createScene({ bytes: 1 })
    const path = kill(open(1))
    const other = new Database(path)
    onTestFinished(() => void other.close())
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    vi.mocked(openDatabase).mockClear()
    settle()
    const opened = vi.mocked(openDatabase).mock.calls.filter(([name]) => name === path)
    expect(new Set(opened.map(([, options]) => options?.timeout))).toEqual(new Set([0]))
    expect([existsSync(path), report.mock.calls]).toEqual([true, []])
    other.close()
    settleLater(60_000)
    expect(existsSync(path)).toBe(false)
  })

  test('is removed if it has no session (SEC-54)', () => {
    const { settle, names, list } = createScene(null)
    openOutput(join(names.directory, 'a-20261125T221501Z.db'), 'new').close()
    openOutput(join(names.directory, 'another.db'), 'new').close()
    expect(list()).toBe(3)
    settle()
    expect(list()).toBe(2)
    expect(existsSync(join(names.directory, 'another.db'))).toBe(true)
  })

  test('is left alone if another process records into it', () => {
    const { open, settle, list } = createScene({ bytes: 1 })
    const others = open(1)
    settle()
    expect(list()).toBe(2)
    expect(existsSync(`${others.path}-wal`)).toBe(true)
    others.close()
  })
})

describe('a file of something else, with a journal', () => {
  test('an empty file stays empty', () => {
    const { settle, names } = createScene({ bytes: 1 })
    const path = join(names.directory, 'a-20261125T221501Z.db')
    for (const suffix of ['', '-journal']) writeFileSync(path + suffix, suffix, { mode: 0o644 })
    chmodSync(path, 0o644)
    settle()
    expect([statSync(path).size, statSync(path).mode & 0o777]).toEqual([0, 0o644])
    expect(existsSync(`${path}-journal`)).toBe(true)
  })

  test('a trace of another recording keeps its mode and its data', () => {
    const { open, settle } = createScene({ bytes: 1 })
    const path = cutOff(open(1, null))
    chmodSync(path, 0o644)
    settle()
    expect(statSync(path).mode & 0o777).toBe(0o644)
    expect(readCommandLine(path)).toBe(PLAIN_SESSION.commandLine)
  })
})

test('a missing directory is reported once', () => {
  const { names, settle, settleLater, report } = createScene({ bytes: 1 })
  rmSync(names.directory, { recursive: true })
  settle()
  settleLater(60_000)
  expect(report).toHaveBeenCalledTimes(1)
  expect(report.mock.calls[0]?.[0]).toMatch(/^cannot list the files in .*; recording continues$/)
})
