import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { AT, ATTEMPT_COLUMNS } from '../../../src/analyze/scan/attempt-columns.js'
import { coverPart } from '../../../src/analyze/scan/plan-scan.js'
import { createDecodeWorkers, type DecodeWorkers } from '../../../src/analyze/scan/decode-workers.js'
import { scanRows } from '../../../src/analyze/scan/scan-rows.js'
import { findLeafPages } from '../../../src/analyze/scan/table-pages.js'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { createRandom } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { addLookups } from '../add-lookups.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'
import { SCOPE_CASES } from '../scope-cases.js'
import { variedEvents } from '../varied-events.js'

/** Threads for scans of any size. */
const together = () => createDecodeWorkers({ count: 2, minAttempts: 0 })
const alone = () => createDecodeWorkers({ count: 0, minAttempts: 0 })

/** Two sessions in a file without a log, some hundred pages, with what a later version of the format may leave out. */
function makeTrace(count: number): string {
  const random = createRandom(count)
  const some = (share: number) => variedEvents(random, Math.ceil(count * share))
  const trace = makeSampleTrace(
    { batches: [some(0.15), some(0.15), null, some(0.15), some(0.15), some(0.1)] },
    { batches: [some(0.15), null, some(0.15)], goodbye: false },
  )
  trace.db.exec(`
    UPDATE connect_attempt SET latency_ns = NULL WHERE attempt_id % 17 = 3;
    UPDATE connect_attempt SET process_id = NULL WHERE attempt_id % 31 = 7;
    UPDATE connect_attempt SET latency_ns = 3000000000 + attempt_id WHERE attempt_id % 101 = 5;
    UPDATE connect_attempt SET latency_ns = 5000000000000000 + attempt_id WHERE attempt_id % 997 = 5`)
  if (count > 0) addLookups(trace.db, random, 60)
  trace.db.pragma('journal_mode = DELETE')
  trace.db.close()
  return trace.file
}

let largeTrace: Buffer | null = null

/** A trace of more chunks than are decoded ahead. */
function writeLargeTrace(): string {
  largeTrace ??= readFileSync(makeTrace(80_000))
  return write(largeTrace)
}

function write(bytes: Uint8Array): string {
  const path = join(makeTemporaryDirectory(), 'trace.db')
  writeFileSync(path, bytes)
  return path
}

/** Numbers of the leaf pages of connect_attempt. */
function leafPages(path: string): number[] {
  return withTraces([path], ([trace]) => [...findLeafPages(trace!.attempts!, 0, Number.MAX_SAFE_INTEGER)])
}

/** All rows that a scan passes, of both sessions, or the error that it throws. */
function scanAll(file: string, raw: RawScope, workers: DecodeWorkers): unknown {
  const rows: number[][] = []
  try {
    inScope(
      [file],
      { session: 'all', ...raw },
      (scope) => {
        for (const part of scope.parts) {
          expect(part.trace.attempts, 'is read page by page').not.toBeNull()
          scanRows(scope, part, coverPart(part, false).ranges, ATTEMPT_COLUMNS, (row) => rows.push([...row]))
        }
      },
      workers,
    )
    return rows
  } catch (error) {
    const { code, reason } = error as { code?: string; reason?: string }
    return { code, reason }
  }
}

/** What a query finds, the chart too. */
function ask(file: string, name: string, raw: RawScope, by: string | undefined, workers: DecodeWorkers): string {
  const query = CATALOGUE.find((one) => one.name === name)!
  const settings = { limit: Infinity, sort: null, width: 100, values: by === undefined ? {} : { by } }
  const result = inScope([file], raw, (scope) => query.run(scope, settings), workers)
  const plain = { ...result, chart: result.chart?.(100) }
  return JSON.stringify(plain, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value), 1)
}

describe('a scan by several threads', () => {
  test.each([0, 1, 90, 80_000])('passes the same rows in the same order as one thread: %i attempts', (count) => {
    const trace = makeTrace(count)
    const rows = scanAll(trace, {}, alone()) as number[][]
    expect(rows.length).toBeGreaterThanOrEqual(count)
    expect(rows.map((row) => row[0])).toEqual(rows.map((row) => row[0]!).toSorted((a, b) => a - b))
    expect(scanAll(trace, {}, together())).toEqual(rows)
  })

  const filters: RawScope[] = [
    ...SCOPE_CASES.map(({ raw }) => raw).filter(({ exact }) => exact !== true),
    { session: 'all', comm: ['worker'], outcome: ['established'] },
    { session: 'all', outcome: ['pending,refused'] },
    { session: 'all', port: ['443'], minLatency: '100us' },
    { session: 'all', since: '+5s', until: '+40s', pid: ['101,102'] },
  ]

  test.each(CATALOGUE.filter(({ name }) => name !== 'diff').map(({ name }) => name))(
    'gives the answer of one thread: %s',
    (name) => {
      const file = writeLargeTrace()
      const hasPercentiles = ['top-endpoints', 'latency', 'summary'].includes(name)
      for (const raw of filters) {
        for (const exact of hasPercentiles ? [false, true] : [false]) {
          const [one, several] = [alone(), together()].map((workers) =>
            ask(file, name, { ...raw, exact }, undefined, workers),
          )
          expect(several, JSON.stringify(raw)).toBe(one)
        }
      }
    },
  )

  test.each(['address', 'port', 'uid', 'process', 'comm', 'cgroup', 'container', 'dns', 'outcome', 'host', 'subnet'])(
    'gives the answer of one thread: latency --by %s',
    (by) => {
      const file = writeLargeTrace()
      for (const exact of [false, true]) {
        const [one, several] = [alone(), together()].map((workers) =>
          ask(file, 'latency', { session: 'all', exact, outcome: ['established,timed_out'] }, by, workers),
        )
        expect(several).toBe(one)
      }
    },
  )

  test.each([0.02, 0.5, 0.98])('reports a damaged page like one thread: at %d of the table', (at) => {
    const file = writeLargeTrace()
    const bytes = readFileSync(file)
    const leaves = leafPages(file)
    const page = leaves[Math.floor(leaves.length * at)] as number
    // The type of a value of the first record: a text.
    const cell = (page - 1) * 4096 + bytes.readUInt16BE((page - 1) * 4096 + 8)
    bytes[cell + 10] = 13
    const damaged = write(bytes)
    const found = scanAll(damaged, {}, together())
    expect(found).toEqual(scanAll(damaged, {}, alone()))
    expect(found).toMatchObject({ code: 'E_DAMAGED_TRACE' })
  })

  test('passes on an error of the receiver of rows, and no worker reads the file afterwards', () => {
    const file = writeLargeTrace()
    const workers = together()
    const scan = () =>
      inScope(
        [file],
        {},
        (scope) => {
          const part = scope.parts[0]!
          scanRows(scope, part, coverPart(part, false).ranges, ['attempt_id'], (row) => {
            if ((row[AT.attempt_id] as number) % 1000 === 0) throw new Error('enough')
          })
        },
        workers,
      )
    expect(scan).toThrow('enough')
  })

  test('works without workers: this thread decodes all chunks', () => {
    const file = writeLargeTrace()
    const none: DecodeWorkers = { ...alone(), count: 3, decode: () => {} }
    expect(scanAll(file, { pid: ['101'] }, none)).toEqual(scanAll(file, { pid: ['101'] }, alone()))
  })

  test('has the memory of the scan before, unless that is not over', () => {
    const file = writeLargeTrace()
    const workers = together()
    const memories: ArrayBufferLike[] = []
    const watched: DecodeWorkers = {
      ...workers,
      decode(task) {
        memories.push(task.memory.rows.buffer)
        workers.decode(task)
      },
    }
    const wanted = scanAll(file, {}, alone()) as number[][]
    inScope(
      [file],
      { session: 'all' },
      (scope) => {
        const [part, other] = scope.parts
        const scan = (take: (row: ArrayLike<number>) => void) =>
          scanRows(scope, part!, coverPart(part!, false).ranges, ATTEMPT_COLUMNS, take)
        const inner: number[][] = []
        const outer: number[][] = []
        scan((row) => {
          outer.push(Array.from(row))
          if (inner.length > 0) return
          scanRows(scope, other!, coverPart(other!, false).ranges, ATTEMPT_COLUMNS, (one) => inner.push([...one]))
        })
        scan(() => {})
        expect([...outer, ...inner]).toEqual(wanted)
      },
      watched,
    )
    expect(memories).toHaveLength(3)
    expect(memories[1]).not.toBe(memories[0])
    expect(memories[2]).toBe(memories[0])
  })

  test('uses the same workers for simultaneous scans', () => {
    const file = writeLargeTrace()
    const workers = together()
    onTestFinished(() => workers.close())
    const kept: DecodeWorkers = { ...workers, close: () => {} }
    const wanted = scanAll(file, {}, alone())
    for (let i = 0; i < 3; i++) expect(scanAll(file, {}, kept)).toEqual(wanted)
  })
})
