import { expect, test } from 'vitest'
import { createLossMeter } from '../../../src/record/count/loss-meter.js'

/** A loss meter. The test sets its totals. */
function createMeter() {
  const probe = { ringFull: 0, mapFull: 0 }
  return { probe, meter: createLossMeter(() => ({ ...probe })) }
}

test('no loss: all counts are 0', () => {
  const { meter } = createMeter()
  expect(meter.take(false)).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })
})

test('reports the loss since the previous call, by cause', () => {
  const { probe, meter } = createMeter()
  Object.assign(probe, { ringFull: 5, mapFull: 2 })
  expect(meter.take(false)).toEqual({ ringFull: 5, mapFull: 2, writerBehind: 0, missed: 0, skipped: 0 })
  expect(meter.take(false)).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })
  Object.assign(probe, { ringFull: 6, mapFull: 10 })
  expect(meter.take(false)).toEqual({ ringFull: 1, mapFull: 8, writerBehind: 0, missed: 0, skipped: 0 })
})

test('attributes a full ring to the writer while the writer is slow, but never a full map', () => {
  const { probe, meter } = createMeter()
  Object.assign(probe, { ringFull: 5, mapFull: 2 })
  expect(meter.take(true)).toEqual({ ringFull: 0, mapFull: 2, writerBehind: 5, missed: 0, skipped: 0 })
})

test('the total is the sum of all reported losses', () => {
  const { probe, meter } = createMeter()
  Object.assign(probe, { ringFull: 5, mapFull: 2 })
  meter.take(true)
  Object.assign(probe, { ringFull: 7, mapFull: 3 })
  meter.take(false)
  expect(meter.total).toEqual({ ringFull: 2, mapFull: 3, writerBehind: 5, missed: 0, skipped: 0 })
})
