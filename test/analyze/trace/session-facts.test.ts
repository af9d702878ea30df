import { describe, expect, test } from 'vitest'
import { countAttempts, describeLoss, readBatchFacts } from '../../../src/analyze/trace/session-facts.js'
import { OUTCOMES } from '../../../src/store/outcome.js'
import { createRandom } from '../../store/random.js'
import { makeSampleTrace, sampleEvents, type SessionParts } from '../sample-trace.js'

const random = createRandom(2)
const PARTS: SessionParts = { batches: [sampleEvents(random, 200), null, sampleEvents(random, 100)] }
const FLAGS = ['ipv4_mapped', 'fast_open', 'mptcp', 'kernel_thread', 'no_syn', 'simultaneous_open']

describe.each([true, false])('a session, closed: %s', (goodbye) => {
  const makeTrace = () => makeSampleTrace(PARTS, { ...PARTS, goodbye }, PARTS).db

  test('has the outcomes of its rows', () => {
    const db = makeTrace()
    const rows = db.prepare('SELECT outcome, count(*) FROM connects WHERE session_id = 2 GROUP BY outcome').raw().all()
    const expected = {
      ...Object.fromEntries(OUTCOMES.map((name) => [name, 0])),
      ...Object.fromEntries(rows as [string, number][]),
    }
    expect(countAttempts(db, 2).outcomes).toEqual(expected)
  })

  test('has the flags of its rows', () => {
    const db = makeTrace()
    const sums = FLAGS.map((name, bit) => `sum(flags >> ${bit} & 1) AS ${name}`)
    const expected = db.prepare(`SELECT ${sums.join(', ')} FROM connect_attempt WHERE session_id = 2`).get()
    expect(countAttempts(db, 2).flags).toEqual(expected)
  })
})

describe('batches', () => {
  test('tell attempts, times and loss by cause', () => {
    const loss = { ringFull: 1, mapFull: 2, writerBehind: 3, missed: 0 }
    const batches = [[{ startedNs: 5n }], [{ startedNs: 2n }, { startedNs: 9n }]]
    const { db } = makeSampleTrace({ batches, loss }, { batches: [[{}]], loss })
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
    })
    expect(describeLoss(db, [1, 2])).toEqual(['LOST 12 attempts: 2 ring full, 4 map full, 6 writer behind'])
  })

  test('of a session that has none tell nothing', () => {
    const { db } = makeSampleTrace({ batches: [] })
    expect(readBatchFacts(db, [1])).toMatchObject({
      attempts: 0,
      firstStartedNs: null,
      lastStartedNs: null,
      ringFull: 0,
    })
    expect(describeLoss(db, [1])).toEqual([])
    expect(countAttempts(db, 1).outcomes.established).toBe(0)
  })
})
