import assert from 'node:assert/strict'
import { queryTrace, type ConnectRow } from '../../support/trace.js'
import { type Check, Skip } from './check.js'
import type { Guest } from './guest.js'

const HOUR_NS = 3600e9
const NAMES = ['clock-first', 'clock-ahead', 'clock-back', 'clock-behind', 'clock-last']

/** What a wall clock that is set back and forth does to a recording. */
export const clockChecks: readonly Check[] = [
  { name: 'clock set by an hour: wall-clock times follow', run: expectWallClock },
  { name: 'clock set by an hour: latencies and order stay right', run: expectMonotonic },
]

function expectWallClock(guest: Guest): string {
  for (const [name, before, after] of readMoments(guest)) {
    const { started_ns } = onlyConnect(guest, name)
    const seconds = started_ns / 1e9
    assert.ok(seconds >= before && seconds < after + 1, `${name}: ${seconds} s, made between ${before} and ${after}`)
  }
  const offsets = queryTrace<{ unix_offset_ns: number }>(
    guest.path('clock.db'),
    'SELECT unix_offset_ns FROM clock_offset ORDER BY since_ns',
  )
  const steps = offsets.slice(1).map(({ unix_offset_ns }, i) => unix_offset_ns - (offsets[i]?.unix_offset_ns ?? 0))
  const hours = steps.map((step) => Math.round(step / HOUR_NS))
  assert.deepEqual(
    hours.filter((hour) => hour !== 0),
    [1, -1, -1, 1],
  )
  return `${offsets.length} offsets stored`
}

/** Rows stand in the order in which attempts ended, and session time goes on whatever the wall clock does. */
function expectMonotonic(guest: Guest): string {
  readMoments(guest)
  const pids = NAMES.map((name) => guest.run(name).pid)
  const rows = queryTrace<{ pid: number; started_ns: number }>(
    guest.path('clock.db'),
    'SELECT pid, started_ns FROM connect_attempt JOIN process USING (process_id) ORDER BY started_ns',
  )
  assert.deepEqual(
    rows.map(({ pid }) => pid).filter((pid) => pids.includes(pid)),
    pids,
  )
  for (const name of NAMES) assert.ok((onlyConnect(guest, name).latency_ns ?? Infinity) < 1e9, `${name} took long`)
  const across_ns = onlyConnect(guest, 'clock-across').latency_ns ?? 0
  assert.ok(across_ns >= 3.9e9 && across_ns < 60e9, `an attempt of 4 s took ${across_ns} ns`)
  return `4 s across a step are ${(across_ns / 1e9).toFixed(1)} s`
}

function onlyConnect(guest: Guest, name: string): ConnectRow {
  const rows = guest.attemptsOf('clock.db', name)
  assert.equal(rows.length, 1, `${name}: ${rows.length} attempts`)
  return rows[0] as ConnectRow
}

function readMoments(guest: Guest): [name: string, before: number, after: number][] {
  if (!guest.has('clock.txt')) throw new Skip("not set: it is the whole machine's")
  const lines = guest.text('clock.txt').trim().split('\n')
  assert.equal(lines.length, NAMES.length)
  return lines.map((line) => {
    const [name = '', before, after] = line.split(' ')
    return [name, Number(before), Number(after)]
  })
}
