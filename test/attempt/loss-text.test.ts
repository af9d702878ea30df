import { expect, test } from 'vitest'
import { describeLossCounts, describeLostProcesses } from '../../src/attempt/loss-text.js'

test('without loss there is no text', () => {
  expect(describeLossCounts({ ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })).toBeNull()
})

test.each([
  [{ ringFull: 1, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }, 'LOST 1 attempt: 1 ring full'],
  [{ ringFull: 0, mapFull: 1234, writerBehind: 0, missed: 0, skipped: 0 }, 'LOST 1,234 attempts: 1,234 map full'],
  [{ ringFull: 0, mapFull: 0, writerBehind: 5, missed: 0, skipped: 0 }, 'LOST 5 attempts: 5 writer behind'],
  [
    { ringFull: 1, mapFull: 2, writerBehind: 3, missed: 0, skipped: 0 },
    'LOST 6 attempts: 1 ring full, 2 map full, 3 writer behind',
  ],
  [
    { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 4, skipped: 1500 },
    'LOST 1,504 attempts: 4 end not seen, 1,500 probe skipped by the kernel',
  ],
])('%j', (loss, text) => {
  expect(describeLossCounts(loss)).toBe(text)
})

test('attempts with an unknown process are not lost, and have a line of their own', () => {
  expect(describeLostProcesses(0)).toBeNull()
  expect(describeLostProcesses(1)).toMatch(/^the process of 1 attempt is unknown/)
  expect(describeLostProcesses(1234)).toMatch(/^the process of 1,234 attempts is unknown/)
})
