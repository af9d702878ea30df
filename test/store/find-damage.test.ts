import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TcpconnError } from '../../src/base/errors.js'
import { findDamage } from '../../src/store/find-damage.js'
import { insertSession, makeTrace } from './hand-made-trace.js'

const bug = new RangeError('out of it')

function traceWith(sql: string): string {
  const trace = makeTrace()
  insertSession(trace)
  trace.db.exec('INSERT INTO connect_attempt VALUES (1, 1, 5, 5, 0, NULL, 0, 0, 1, 0, 1, 1)')
  trace.db.exec(sql)
  trace.db.close()
  return trace.file
}

test('an error over undamaged traces is a bug, and does not change', () => {
  expect(findDamage([traceWith(''), traceWith('')], bug)).toBe(bug)
  expect(findDamage([], 'a text')).toBe('a text')
  // ns since boot are beyond 2^53 after 104 days.
  const late = `INSERT INTO process VALUES (1, 1, 10, ${2n ** 53n + 1n}, 'late', NULL, 0, NULL, NULL, 1, 1, NULL, 1, 1)`
  expect(findDamage([traceWith(late)], bug)).toBe(bug)
})

test('a TcpconnError does not change', () => {
  const error = new TcpconnError('E_ANY', { what: 'a', reason: 'b', hint: 'c' })
  expect(findDamage(['/nonexistent'], error)).toBe(error)
})

test.each([
  ['UPDATE connect_attempt SET started_ns = 9223372036854775807', /started_ns of connect_attempt/],
  ['UPDATE connect_attempt SET latency_ns = -9223372036854775808', /latency_ns of connect_attempt/],
  ['UPDATE connect_attempt SET outcome = NULL', /outcome of connect_attempt/],
  ['UPDATE session SET duration_ns = 9007199254740993', /duration_ns of session/],
  ['UPDATE clock_offset SET unix_offset_ns = -9223372036854775808', /unix_offset_ns of clock_offset/],
])('E_DAMAGED_TRACE after %s', (sql, reason) => {
  const [whole, damaged] = [traceWith(''), traceWith(sql)]
  const error = findDamage([whole, damaged], bug) as TcpconnError
  expect(error.code).toBe('E_DAMAGED_TRACE')
  expect(error.message).toContain(damaged)
  expect(error.reason).toMatch(reason)
  expect((error.cause as Error).cause).toBe(bug)
})

test('E_DAMAGED_TRACE for an overwritten page', () => {
  const file = traceWith('')
  const bytes = readFileSync(file)
  bytes.fill(0x55, bytes.length - 4096)
  writeFileSync(file, bytes)
  expect((findDamage([file], bug) as TcpconnError).code).toBe('E_DAMAGED_TRACE')
})
