import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { readSessionKey, type SessionKey } from '../../../../src/analyze/export/rows/session-key.js'
import { inScope } from '../../in-scope.js'
import { makeHardTrace } from '../hard-trace.js'

/** Keys of all sessions, after a change of the trace. */
function keysOf(change = ''): SessionKey[] {
  const file = makeHardTrace()
  const db = new Database(file)
  db.exec(`UPDATE session SET boot_id = 'boot', recorder_pid = 7, recorder_start_ticks = 9,
    started_unix_ns = 1700000000123456789; ${change}`)
  db.close()
  return inScope([file], { session: 'all' }, (scope) => scope.parts.map(readSessionKey))
}

test('a session has a constant UUID of version 7, with the ms of its start', () => {
  const keys = keysOf()
  expect(keys.map(({ bootId }) => bootId)).toEqual(['boot', 'boot', 'boot', 'boot'])
  for (const { uuid } of keys) {
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(parseInt(uuid.replace('-', '').slice(0, 12), 16)).toBe(1_700_000_000_123)
  }
  expect(keysOf()).toEqual(keys)
  expect(keys[0]?.uuid).toBe('018bcfe5-687b-7d97-aa50-82bf190f18c3')
})

test.each([
  "host = 'other'",
  "boot_id = 'other'",
  'recorder_pid = 8',
  'recorder_start_ticks = 10',
  'started_unix_ns = 1700000000123456790',
])('sessions that differ in %s have other UUIDs', (change) => {
  const uuids = [...keysOf(), ...keysOf(`UPDATE session SET ${change}`)].map(({ uuid }) => uuid)
  expect(new Set(uuids).size).toBe(8)
})
