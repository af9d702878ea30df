import { describe, expect, test } from 'vitest'
import { readBatchFacts } from '../../../src/analyze/scan/batch-facts.js'
import { countFlags, describeCover, describeLoss } from '../../../src/analyze/scan/session-facts.js'
import { createRandom } from '../../store/random.js'
import { inScope } from '../in-scope.js'
import { sampleEvents } from '../sample-events.js'
import { makeSampleTrace, type SessionParts } from '../sample-trace.js'

const random = createRandom(2)
const PARTS: SessionParts = { batches: [sampleEvents(random, 200), null, sampleEvents(random, 100)] }
const lossOf = (files: readonly string[], session?: string) =>
  inScope(files, session === undefined ? {} : { session }, (scope) => describeLoss(scope.parts))
const FLAGS = ['ipv4_mapped', 'fast_open', 'mptcp', 'kernel_thread', 'no_syn', 'simultaneous_open', 'inexact']

describe.each([true, false])('a session, closed: %s', (goodbye) => {
  const makeTrace = () => makeSampleTrace(PARTS, { ...PARTS, goodbye }, PARTS).db

  test('has the flags of its rows', () => {
    const db = makeTrace()
    const sums = FLAGS.map((name, bit) => `sum(flags >> ${bit} & 1) AS ${name}`)
    const expected = db.prepare(`SELECT ${sums.join(', ')} FROM connect_attempt WHERE session_id = 2`).get()
    expect(countFlags(db, 2)).toEqual(expected)
  })
})

describe('batches', () => {
  test('have attempts, times and losses by cause', () => {
    const loss = { ringFull: 1, mapFull: 2, writerBehind: 3, missed: 0, skipped: 0 }
    const batches = [[{ startedNs: 5n }], [{ startedNs: 2n }, { startedNs: 9n }]]
    const { db, file } = makeSampleTrace({ batches, loss }, { batches: [[{}]], loss })
    expect(readBatchFacts(db, [1])).toEqual({
      attempts: 3,
      firstStartedNs: 2,
      lastStartedNs: 9,
      lastWrittenNs: 1e9,
      ...loss,
    })
    expect(readBatchFacts(db, [1, 2])).toMatchObject({
      attempts: 4,
      ringFull: 2,
      mapFull: 4,
      writerBehind: 6,
      missed: 0,
      skipped: 0,
    })
    expect(lossOf([file], 'all')).toEqual(['LOST 12 attempts: 2 ring full, 4 map full, 6 writer behind'])
  })

  test('of a session without batches have no values', () => {
    const { db, file } = makeSampleTrace({ batches: [] })
    expect(readBatchFacts(db, [1])).toMatchObject({
      attempts: 0,
      firstStartedNs: null,
      lastStartedNs: null,
      ringFull: 0,
    })
    expect(lossOf([file])).toEqual([])
    expect(countFlags(db, 1)).toEqual(Object.fromEntries(FLAGS.map((name) => [name, 0])))
  })
})

describe('completeness', () => {
  const coverOf = (file: string) => inScope([file], { session: 'all' }, (scope) => describeCover(scope.parts))

  test('of a session with an end is the counted one', () => {
    const { file } = makeSampleTrace({ batches: [[{}]] })
    expect(coverOf(file)).toEqual(["session 1: 1 recorded + 0 lost = the kernel's 1 attempt (TcpActiveOpens)"])
  })

  test('of a session without an end is unknown, whether its recorder runs or not', () => {
    const { file, db } = makeSampleTrace({ batches: [[{}]], goodbye: false }, { batches: [[{}]], goodbye: false })
    db.exec('UPDATE session SET recorder_start_ticks = 1 WHERE session_id = 1')
    expect(coverOf(file)).toEqual([
      'session 1: unclean shutdown; completeness not checked',
      'session 2: still recording; completeness is checked at its end',
    ])
  })
})
