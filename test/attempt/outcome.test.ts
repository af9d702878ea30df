import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { connectOutcome } from '../../src/record/event/wire.gen.js'
import { migrate } from '../../src/store/migrate.js'
import { FAILED_OUTCOMES, OUTCOMES, countFailed, type OutcomeCounts } from '../../src/attempt/outcome.js'

test('codes are those of the probe', () => {
  expect(Object.fromEntries(OUTCOMES.map((name, code) => [name, code]))).toEqual(connectOutcome)
})

test('codes are those of the table in the trace', () => {
  const db = new Database(':memory:')
  migrate(db)
  const names = db.prepare('SELECT name FROM outcome ORDER BY outcome').pluck().all()
  const codes = db.prepare('SELECT outcome FROM outcome ORDER BY outcome').pluck().all()
  expect(names).toEqual(OUTCOMES)
  expect(codes).toEqual(OUTCOMES.map((_, code) => code))
})

test('failed means: ended without a connection', () => {
  expect(FAILED_OUTCOMES).toEqual(OUTCOMES.filter((name) => name !== 'established' && name !== 'pending'))
  const counts = Object.fromEntries(OUTCOMES.map((name, i) => [name, 10 ** i])) as OutcomeCounts
  expect(countFailed(counts)).toBe(1_111_110)
})
