import assert from 'node:assert/strict'
import { queryTrace, type ConnectRow } from '../../support/trace.js'
import { type Check, Skip } from './check.js'
import type { Guest } from './guest.js'

const HOUR_NS = 3600e9
/** Far longer than a refused attempt takes there, even on an emulated CPU. */
const LOOPBACK_NS = 50e6
/** Begins before the clock is set and ends after it. */
const ACROSS = 'clock-across'
const NAMES = ['clock-first', ACROSS, 'clock-ahead', 'clock-back', 'clock-behind', 'clock-last']

/** The effects on a recording when the wall clock is set forward and back. */
export const clockChecks: readonly Check[] = [
  { name: 'clock set by an hour: wall-clock times follow', run: expectWallClock },
  { name: 'clock set by an hour: info counts it (GAP-50)', run: expectCount },
  { name: 'clock set by an hour: latencies and order stay right', run: expectMonotonic },
]

function expectWallClock(guest: Guest): string {
  for (const [name, before, after] of readMoments(guest)) {
    const { started_ns } = onlyConnect(guest, name)
    const seconds = started_ns / 1e9
    assert.ok(seconds >= before && seconds < after + 1, `${name}: ${seconds} s, made between ${before} and ${after}`)
  }
  const offsets = readOffsets(guest)
  const steps = offsets.slice(1).map(({ unix_offset_ns }, i) => unix_offset_ns - (offsets[i]?.unix_offset_ns ?? 0))
  const hours = steps.map((step) => Math.round(step / HOUR_NS))
  assert.deepEqual(
    hours.filter((hour) => hour !== 0),
    [1, -1, -1, 1],
  )
  return `${offsets.length} offsets stored`
}

/** Far smaller changes count too: the clock of a guest may be adjusted. */
function expectCount(guest: Guest): string {
  readMoments(guest)
  const steps = readOffsets(guest).length - 1
  assert.match(guest.text('clock-info.txt'), new RegExp(`^  clock +set ${steps} times while recording$`, 'm'))
  return `${steps} times`
}

function readOffsets(guest: Guest): { readonly unix_offset_ns: number }[] {
  return queryTrace(guest.path('clock.db'), 'SELECT unix_offset_ns FROM clock_offset ORDER BY since_ns')
}

/** Rows are in the order in which attempts ended, and session time advances independently of the wall clock. */
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
  for (const name of NAMES.filter((other) => other !== ACROSS)) {
    const { latency_ns } = onlyConnect(guest, name)
    assert.ok((latency_ns ?? Infinity) < LOOPBACK_NS, `${name} took ${latency_ns} ns on loopback`)
  }
  const across = onlyConnect(guest, ACROSS)
  const { elapsed_ms } = JSON.parse(guest.text(`run-${ACROSS}.txt`)) as { elapsed_ms: number }
  const [across_ns, called_ns] = [across.latency_ns ?? 0, elapsed_ms * 1e6]
  assert.ok(Math.abs(across_ns - called_ns) <= 0.05 * called_ns, `${across_ns} ns, connect(2) took ${called_ns} ns`)
  return `${(across_ns / 1e9).toFixed(2)} s across a step, connect(2) took ${(called_ns / 1e9).toFixed(2)} s`
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
