import { expect, test } from 'vitest'
import { describeLossCounts, sumLoss } from '../../src/store/loss-text.js'

test('without loss there is nothing to say', () => {
  expect(describeLossCounts({ ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0 })).toBeNull()
})

test.each([
  [{ ringFull: 1, mapFull: 0, writerBehind: 0, missed: 0 }, 'LOST 1 attempt: 1 ring full'],
  [{ ringFull: 0, mapFull: 1234, writerBehind: 0, missed: 0 }, 'LOST 1,234 attempts: 1,234 map full'],
  [{ ringFull: 0, mapFull: 0, writerBehind: 5, missed: 0 }, 'LOST 5 attempts: 5 writer behind'],
  [
    { ringFull: 1, mapFull: 2, writerBehind: 3, missed: 0 },
    'LOST 6 attempts: 1 ring full, 2 map full, 3 writer behind',
  ],
])('%j', (loss, text) => {
  expect(describeLossCounts(loss)).toBe(text)
})

test('the sum is over all causes', () => {
  expect(sumLoss({ ringFull: 1, mapFull: 20, writerBehind: 300, missed: 0 })).toBe(321)
})
