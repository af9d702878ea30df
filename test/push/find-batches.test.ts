import { expect, test } from 'vitest'
import { findBatches } from '../../src/push/find-batches.js'
import { openNewTrace } from '../record/new-trace.js'

/** A session with commits of some attempts, a second after each other; `null`: only loss. */
function makeCommits(...counts: readonly number[]) {
  const { db, sessionId } = openNewTrace()
  const insert = db.prepare('INSERT INTO batch VALUES (NULL, ?, ?, ?, ?, NULL, NULL, 0, 0, 0, 0, 0)')
  let next = 1
  for (const [i, count] of counts.entries()) {
    insert.run(sessionId, next, count, i * 1e9)
    next += count
  }
  return { db, sessionId }
}

const START = { batchId: 0, attemptId: 0 }

test('commits that are too young are left for later', () => {
  const { db, sessionId } = makeCommits(10, 10, 10)
  expect(findBatches(db, sessionId, START, 1e9)).toEqual({
    lastBatchId: 2,
    attempts: { first: 1, last: 20 },
    isAll: true,
  })
})

test('at most 250,000 attempts are one batch, and the same commits make the same batch', () => {
  const { db, sessionId } = makeCommits(150_000, 100_000, 1, 0)
  const first = findBatches(db, sessionId, START, Infinity)
  expect(first).toEqual({ lastBatchId: 2, attempts: { first: 1, last: 250_000 }, isAll: false })
  const second = findBatches(db, sessionId, { batchId: 2, attemptId: 250_000 }, Infinity)
  expect(second).toEqual({ lastBatchId: 4, attempts: { first: 250_001, last: 250_001 }, isAll: true })
})

test('attempts that the server has are left out, commits are not', () => {
  const { db, sessionId } = makeCommits(10, 10, 0)
  expect(findBatches(db, sessionId, { batchId: 0, attemptId: 15 }, Infinity)).toEqual({
    lastBatchId: 3,
    attempts: { first: 16, last: 20 },
    isAll: true,
  })
  expect(findBatches(db, sessionId, { batchId: 0, attemptId: 20 }, Infinity)).toMatchObject({ attempts: null })
})

test('a commit of more attempts than one can have is damage', () => {
  const { db, sessionId } = makeCommits(250_001)
  expect(() => findBatches(db, sessionId, START, Infinity)).toThrow(
    expect.objectContaining({ code: 'E_DAMAGED_TRACE' }),
  )
})
