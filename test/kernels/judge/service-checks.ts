import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { queryTrace } from '../../support/trace.js'
import { type Check, Skip } from './check.js'
import type { Guest } from './guest.js'

const DIRECTORY = 'service-traces'

/** The package's unit, started by a systemd that is the first process of the machine. */
export const serviceChecks: readonly Check[] = [
  { name: 'systemd service: reports readiness and status, stops', run: expectService },
  { name: 'a service that hangs is ended and started again', run: expectRestart },
]

function expectService(guest: Guest): string {
  requireService(guest)
  assert.match(guest.text('service-traffic.txt'), /Created symlink .*multi-user\.target\.wants\/tcpconn\.service/)
  const started = readProperties(guest, 'started')
  assert.equal(`${started.ActiveState} ${started.SubState}`, 'active running')
  assert.match(
    started.StatusText ?? '',
    /^[\d,]+ attempts recorded, 0 lost; into \/var\/lib\/tcpconn\/tcpconn-\d{8}T\d{6}Z?.*\.db$/,
  )
  // The recorder is ready when `systemctl start` ends: none of the first attempts is missing.
  expectAttempts(guest, 'serviced', 'terminate')
  expectAttempts(guest, 'before-stop', 'terminate')
  const stopped = readProperties(guest, 'stopped')
  assert.deepEqual([stopped.ActiveState, stopped.Result, stopped.ExecMainStatus], ['inactive', 'success', '0'])
  return `${(Number(started.MemoryCurrent) / 1e6).toFixed(0)} MB of memory`
}

function expectRestart(guest: Guest): string {
  requireService(guest)
  assert.equal(readProperties(guest, 'restarted').NRestarts, '1')
  assert.match(guest.text('service-journal.txt'), /watchdog/i)
  expectAttempts(guest, 'before-hang', null)
  expectAttempts(guest, 'after-hang', 'terminate')
  // The next recorder closed the file of the one that hung.
  const unclosed = readdirSync(guest.path(DIRECTORY)).filter((file) => file.endsWith('-wal'))
  assert.deepEqual(unclosed, [])
  return `${tracesOf(guest).length} files`
}

function requireService(guest: Guest): void {
  if (guest.name === 'host') throw new Skip('only in a guest')
  assert.ok(guest.has('service-stopped.txt'), 'did not get to the end: see console.txt, service-traffic.txt')
}

/** Checks that all three attempts are in one session with this end. */
function expectAttempts(guest: Guest, name: string, endReason: string | null): void {
  const { pid } = guest.run(name)
  const rows = tracesOf(guest).flatMap((file) =>
    queryTrace<{ outcome: string; end_reason: string | null }>(
      file,
      `SELECT outcome, end_reason FROM connects JOIN session USING (session_id) WHERE pid = ${pid}`,
    ),
  )
  const expected = { outcome: 'refused', end_reason: endReason }
  assert.deepEqual(rows, [expected, expected, expected], name)
}

function tracesOf(guest: Guest): string[] {
  const directory = guest.path(DIRECTORY)
  return readdirSync(directory)
    .filter((file) => file.endsWith('.db'))
    .map((file) => join(directory, file))
}

function readProperties(guest: Guest, moment: string): Record<string, string> {
  const lines = guest.text(`service-${moment}.txt`).trim().split('\n')
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)))
}
