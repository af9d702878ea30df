import { expect, test } from 'vitest'
import { selectSessions } from '../../../src/analyze/scan/select-sessions.js'
import { UsageError } from '../../../src/base/errors.js'
import { makeSampleTrace } from '../sample-trace.js'

const traceWith = (count: number) => makeSampleTrace(...Array.from({ length: count }, () => ({ batches: [] }))).db

test('the default is the newest session', () => {
  expect(selectSessions(traceWith(3), undefined)).toEqual([3])
})

test('a number selects one session, all selects all', () => {
  const db = traceWith(3)
  expect(selectSessions(db, '2')).toEqual([2])
  expect(selectSessions(db, 'all')).toEqual([1, 2, 3])
})

test.each(['0', '4', '-1', 'x', '', '1.0', 'ALL', '99999999999999999999'])(
  '%j is refused, naming those that there are',
  (choice) => {
    const db = traceWith(3)
    expect(() => selectSessions(db, choice)).toThrow(UsageError)
    expect(() => selectSessions(db, choice)).toThrow(
      expect.objectContaining({
        message: `--session: ${JSON.stringify(choice)} is not accepted`,
        reason: expect.stringContaining('1, 2, 3'),
      }),
    )
  },
)

test('an error about many sessions names only their range', () => {
  expect(() => selectSessions(traceWith(12), '13')).toThrow(
    expect.objectContaining({ reason: expect.stringContaining('1 to 12') }),
  )
})

test('a trace without sessions cannot be analyzed', () => {
  expect(() => selectSessions(traceWith(0), undefined)).toThrow(expect.objectContaining({ code: 'E_NO_SESSION' }))
})
