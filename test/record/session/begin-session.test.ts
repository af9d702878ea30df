import { existsSync, readFileSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { createUserNames } from '../../../src/record/host/user-names.js'
import { NO_CONTAINER_NAMES } from '../../../src/record/containers/start-reader.js'
import { beginSession, type Session } from '../../../src/record/session/begin-session.js'
import { openOutput } from '../../../src/record/output/open-output.js'
import { openTrace } from '../../../src/store/open-trace.js'
import { holdWriteLock } from '../../support/hold-lock.js'
import { mount } from '../../support/mount.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { createFakeProbe } from './fake-probe.js'
import { copyOfKilled, makeClosedTrace, newPath } from './output-files.js'
import { quietOptions } from './record-options.js'

function begin(path: string): Session {
  const parts = {
    options: quietOptions(path),
    probe: createFakeProbe(),
    output: openOutput(path),
    containers: NO_CONTAINER_NAMES,
    kernelCount: null,
    limits: [],
  }
  return beginSession(parts, createUserNames())
}

/** The code of the error with which a session cannot begin, `null` when it can. */
function tryToBegin(path: string): string | null {
  try {
    begin(path).output.close()
    return null
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

function countSessions(path: string): number {
  const db = openTrace(path)
  try {
    return db.prepare('SELECT count(*) FROM session').pluck().get() as number
  } finally {
    db.close()
  }
}

/** "File format read version": 2 in WAL mode. */
const readVersion = (path: string) => readFileSync(path)[19]

describe.runIf(process.getuid?.() === 0)('a disk with little room (which only root can mount)', () => {
  const ROOMS_KIB = Array.from({ length: 60 }, (_, i) => i * 4)

  /** Leaves just so much room in a file system of its own. */
  function fillUp(filler: string, roomKib: number): void {
    const { bavail, bsize } = statfsSync(dirname(filler))
    writeFileSync(filler, Buffer.alloc(bavail * bsize - roomKib * 1024))
  }

  test.each([
    ['a new trace', () => {}, 0],
    ['one that is there', (path: string) => void makeClosedTrace(path), 1],
    ['that of a killed recorder', (path: string) => void copyOfKilled(path), 1],
  ])('%s: is recorded into, or refused with E_DISK_FULL and whole', (_, make, sessions) => {
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=800k', 'none'])
    const [path, filler] = [join(directory, 'trace.db'), join(directory, 'filler')]
    const codes = ROOMS_KIB.map((roomKib) => {
      make(path)
      const isNew = !existsSync(path)
      const isClosed = !isNew && readVersion(path) === 1
      fillUp(filler, roomKib)
      const code = tryToBegin(path)
      const left = readdirSync(directory).filter((name) => name !== 'filler')
      rmSync(filler)
      if (code === null) expect(countSessions(path), `${roomKib} KiB`).toBe(sessions + 1)
      else if (isNew) expect(left, `${roomKib} KiB`).toEqual([])
      else expect(countSessions(path), `${roomKib} KiB`).toBe(sessions)
      if (isClosed) expect([left, readVersion(path)], `${roomKib} KiB`).toEqual([['trace.db'], 1])
      for (const name of readdirSync(directory)) rmSync(join(directory, name))
      return code
    })
    expect(new Set(codes)).toEqual(new Set(['E_DISK_FULL', null]))
  })
})

test('a trace is opened with 2 s of waiting for the lock of another program', () => {
  const output = openOutput(newPath())
  expect(output.db.pragma('busy_timeout', { simple: true })).toBe(2000)
  output.close()
})

test('a log that another program holds locked for longer is E_LOCKED_TRACE', () => {
  const path = copyOfKilled()
  const release = holdWriteLock(path)
  expect(tryToBegin(path)).toBe('E_LOCKED_TRACE')
  release()
  expect(tryToBegin(path)).toBeNull()
})

test('a damaged trace is E_DAMAGED_TRACE, and no session is added', () => {
  const path = makeClosedTrace()
  const db = new Database(path, { readonly: true })
  const page = db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'connect_attempt'`).pluck().get() as number
  db.close()
  const bytes = readFileSync(path)
  bytes.fill(0xff, (page - 1) * 4096, page * 4096)
  writeFileSync(path, bytes)
  expect(tryToBegin(path)).toBe('E_DAMAGED_TRACE')
  expect(countSessions(path)).toBe(1)
  expect(readdirSync(dirname(path))).toEqual(['trace.db'])
})

test('a session begins with its file, however long opening took', () => {
  const path = newPath()
  const clock = { epochNs: 0n, nowNs: () => 5e9, unixOffsetNs: () => 1n }
  const start = { sinceNs: 3e9, unixNs: 1_700_000_000_000_000_000n }
  const parts = {
    options: quietOptions(path),
    probe: createFakeProbe(),
    output: openOutput(path),
    containers: NO_CONTAINER_NAMES,
    kernelCount: null,
    limits: [],
  }
  const { output } = beginSession({ ...parts, clock, start }, createUserNames())
  const rows = output.db.prepare('SELECT started_unix_ns FROM session').safeIntegers().pluck().all()
  expect(rows).toEqual([start.unixNs])
  output.close()
})

test('once the session is in, a write waits for a tenth of a second', () => {
  const { output } = begin(newPath())
  expect(output.db.pragma('busy_timeout', { simple: true })).toBe(100)
  output.close()
})
