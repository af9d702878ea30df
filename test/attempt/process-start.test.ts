import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readStartTicks } from '../../src/attempt/process-start.js'
import { run, start } from '../support/process.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { waitUntil } from '../support/wait-until.js'

const TICKS_PER_SECOND = 100

test('a process started between boot and now', () => {
  const ticks = readStartTicks(process.pid) as number
  const uptimeTicks = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * TICKS_PER_SECOND
  expect(Number.isInteger(ticks)).toBe(true)
  expect(ticks).toBeLessThanOrEqual(uptimeTicks)
  expect(ticks).toBeGreaterThanOrEqual(uptimeTicks - (process.uptime() + 60) * TICKS_PER_SECOND)
  expect(readStartTicks(process.pid)).toBe(ticks)
})

test('a name with blanks and parentheses does not mislead', async () => {
  const program = join(makeTemporaryDirectory(), ') R 1 2 3')
  copyFileSync('/bin/sleep', program)
  const { pid } = start([program, '60'])
  await waitUntil('the program', () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') R 1 2 3)'))
  expect(readStartTicks(pid)).toBeGreaterThanOrEqual(readStartTicks(process.pid) as number)
})

test('a process that is gone has none', async () => {
  const { pid } = await run(['true'])
  expect(readStartTicks(pid)).toBeNull()
})
