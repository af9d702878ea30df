import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readStartTicks } from '../../src/attempt/process-start.js'
import { run, start } from '../support/process.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { waitUntil } from '../support/wait-until.js'

const TICKS_PER_SECOND = 100

test('finds the start of a process between boot and now', () => {
  const ticks = readStartTicks(process.pid) as number
  const uptimeTicks = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * TICKS_PER_SECOND
  expect(Number.isInteger(ticks)).toBe(true)
  expect(ticks).toBeLessThanOrEqual(uptimeTicks)
  expect(ticks).toBeGreaterThanOrEqual(uptimeTicks - (process.uptime() + 60) * TICKS_PER_SECOND)
  expect(readStartTicks(process.pid)).toBe(ticks)
})

test('parses names with blanks and parentheses', async () => {
  const program = join(makeTemporaryDirectory(), ') R 1 2 3')
  copyFileSync('/bin/sleep', program)
  const { pid } = start([program, '60'])
  await waitUntil('the program', () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') R 1 2 3)'))
  expect(readStartTicks(pid)).toBeGreaterThanOrEqual(readStartTicks(process.pid) as number)
})

test('a process that no longer exists has no start', async () => {
  const { pid } = await run(['true'])
  expect(readStartTicks(pid)).toBeNull()
})
