import { ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeTrace } from '../../../src/analyze/info/describe-trace.js'
import { selectScope } from '../../../src/analyze/options/select-scope.js'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { StoredQuery } from '../../../src/analyze/queries/stored-query.js'
import { readStatement } from '../../../src/analyze/sql/read-statement.js'
import { createSqlQuery } from '../../../src/analyze/sql/sql-query.js'
import { describeCover, describeLoss } from '../../../src/analyze/trace/session-facts.js'
import { withTraces } from '../../../src/analyze/trace/trace.js'
import { TcpconnError } from '../../../src/errors.js'
import { openOutput } from '../../../src/record/session/open-output.js'
import { closeSession, insertSession } from '../../../src/record/session/session-row.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { openTrace } from '../../../src/store/open-trace.js'
import { findDamage } from '../../../src/store/find-damage.js'
import { forEachSums } from '../../../src/store/sums-blob.js'
import { addLookups } from '../../analyze/add-lookups.js'
import { sampleEvents } from '../../analyze/sample-events.js'
import { packEvents } from '../../record/make-events.js'
import { createRandom } from '../../store/random.js'
import { require, type FuzzTarget } from '../fuzz-target.js'

/** A byte of the file each: three bytes where, one byte which bits flip. Behind them may stand what is cut off. */
const CHANGE_BYTES = 4
const PAGE_BYTES = 4096
const NO_LOSS = { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0 }
const SHOW = createSqlQuery('sql', readStatement('SELECT time, comm, remote_address, latency_ns FROM connects'))
/** Every n-th question goes through a whole query, which takes ten times as long as to open the file and read a little. */
const QUERY_EVERY = 32
const QUESTIONS: readonly ((file: string) => void)[] = [
  (file) => {
    const text = describeTrace(file).join('\n')
    require(!text.includes('\x1b'), () => 'info steers the terminal')
  },
  ...[...CATALOGUE, SHOW].flatMap((query) => [
    (file: string) => ask(file, query, { session: 'all' }),
    (file: string) => ask(file, query, { exact: true, since: '+1s' }),
  ]),
]

/** A trace with bits flipped and its end cut off, and what is asked of it. The first bytes of an input are the question. */
export function createTraces(): FuzzTarget {
  // script/fuzz makes the directory, and removes it.
  const file = join(tmpdir(), 'trace.db')
  makeTrace(file)
  const whole = readFileSync(file)
  // As it is, every question has an answer: without that no damage would show.
  for (const question of [readSome, ...QUESTIONS]) question(file)
  const fd = openSync(file, 'r+')
  return {
    name: 'traces',
    seeds: [...pageHeads(whole.length), ...QUESTIONS.map((_, i) => Uint8Array.of(0, i))],
    batch: 100,
    take(input) {
      const [first = 1, second = 0] = input
      const isQuery = first % QUERY_EVERY === 0
      const question = isQuery ? QUESTIONS[second % QUESTIONS.length] : readSome
      const undo = damage(fd, whole, input.subarray(isQuery ? 2 : 1))
      try {
        question?.(file)
      } catch (error) {
        const fault = findDamage([file], error)
        if (!(fault instanceof TcpconnError)) throw fault
      } finally {
        undo()
      }
    },
    property: null,
  }
}

/** Changes of what stands at the head of each page: what kind of page it is, and where its cells are. */
function pageHeads(lengthBytes: number): Uint8Array[] {
  const pages = Array.from({ length: lengthBytes / PAGE_BYTES }, (_, page) => page * PAGE_BYTES)
  return pages.flatMap((at) => [0, 4, 8].map((offset) => changeOf(at + offset, 1)))
}

function changeOf(at: number, mask: number): Uint8Array {
  return Uint8Array.of(1, at >> 16, (at >> 8) & 255, at & 255, mask)
}

/** Opens the file as every query does, and reads some of each kind of rows. */
function readSome(file: string): void {
  const db = openTrace(file)
  try {
    db.prepare('SELECT * FROM connects LIMIT 20').all()
    for (const table of ['dns_lookup', 'dns_address']) db.prepare(`SELECT * FROM ${table} LIMIT 20`).all()
    for (const sums of db.prepare('SELECT sums FROM window_sums').pluck().all())
      forEachSums(sums as Uint8Array, () => {})
  } finally {
    db.close()
  }
}

/** What is asked is answered as a table and as JSON would be: rows, columns, loss. */
function ask(file: string, query: StoredQuery, raw: Parameters<typeof selectScope>[1]): void {
  withTraces([file], (traces) => {
    const scope = selectScope(traces, raw)
    const { rows } = query.run(scope, { limit: 50, sort: null, width: 80, values: {} })
    for (const row of rows) require(row !== null, () => `${query.name} has no row`)
    describeLoss(scope.parts)
    describeCover(scope.parts)
  })
}

/** Changes bytes of the file in place; the function that is returned puts them back. */
function damage(fd: number, whole: Buffer, input: Uint8Array): () => void {
  const changed: number[] = []
  const changes = Math.min(20, Math.floor(input.length / CHANGE_BYTES))
  for (let i = 0; i < changes; i++) {
    const [high, middle, low, mask] = input.subarray(i * CHANGE_BYTES) as unknown as [number, number, number, number]
    const at = ((high << 16) | (middle << 8) | low) % whole.length
    changed.push(at)
    writeSync(fd, Uint8Array.of((whole[at] as number) ^ mask), 0, 1, at)
  }
  const [cutHigh, cutLow] = input.subarray(changes * CHANGE_BYTES)
  const isCut = cutHigh !== undefined && cutLow !== undefined
  if (isCut) ftruncateSync(fd, Math.floor((whole.length * ((cutHigh << 8) | cutLow)) / 65_536))
  return () => {
    if (isCut) writeSync(fd, whole, 0, whole.length, 0)
    else for (const at of changed) writeSync(fd, whole, at, 1, at)
  }
}

/** A closed trace of some windows, rows after them, and lookups, as the recorder writes it. */
function makeTrace(file: string): void {
  const output = openOutput(file)
  const sessionId = insertSession(output.db, {
    toolVersion: '1.0.0',
    commandLine: 'tcpconn record',
    filters: '{}',
    ringBytes: 4096,
    startedUnixNs: 1_700_000_000_000_000_000n,
    dnsSource: null,
    localErrors: false,
  })
  const names = { userName: () => 'a-user', cgroupPath: (id: bigint) => `/cgroup-${id}` }
  const writer = createTraceWriter(output.db, { sessionId, epochNs: 0n, names, context: null })
  const random = createRandom(1)
  for (const count of [100, 0, 60, 0, 12]) {
    const packed = packEvents(sampleEvents(random, count))
    if (count === 0) writer.flushWindow()
    else writer.write(packed, packed.source, NO_LOSS, 1e9)
  }
  addLookups(output.db, random, 40)
  closeSession(output.db, sessionId, {
    durationNs: 60e9,
    reason: 'duration',
    loss: NO_LOSS,
    completeness: { kernelMin: 172, kernelMax: 172, comparable: 172, uncomparable: 0 },
    dns: { lost: 0, malformed: 0, evicted: 0 },
  })
  output.close()
}
