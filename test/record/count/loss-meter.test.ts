import { expect, test } from 'vitest'
import { createLossMeter } from '../../../src/record/count/loss-meter.js'

/** A meter over totals that the test sets. */
function createMeter() {
  const probe = { ringFull: 0, mapFull: 0 }
  return { probe, meter: createLossMeter(() => ({ ...probe })) }
}

test('without loss there is none', () => {
  const { meter } = createMeter()
  expect(meter.take(false)).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })
})

test('tells what was lost since the last look, by cause', () => {
  const { probe, meter } = createMeter()
  Object.assign(probe, { ringFull: 5, mapFull: 2 })
  expect(meter.take(false)).toEqual({ ringFull: 5, mapFull: 2, writerBehind: 0, missed: 0, skipped: 0 })
  expect(meter.take(false)).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })
  Object.assign(probe, { ringFull: 6, mapFull: 10 })
  expect(meter.take(false)).toEqual({ ringFull: 1, mapFull: 8, writerBehind: 0, missed: 0, skipped: 0 })
})

test('a ring that ran full while the writer held us up did so because of the writer; a full map never did', () => {
  const { probe, meter } = createMeter()
  Object.assign(probe, { ringFull: 5, mapFull: 2 })
  expect(meter.take(true)).toEqual({ ringFull: 0, mapFull: 2, writerBehind: 5, missed: 0, skipped: 0 })
})

test('the total is the sum of all that was taken', () => {
  const { probe, meter } = createMeter()
  Object.assign(probe, { ringFull: 5, mapFull: 2 })
  meter.take(true)
  Object.assign(probe, { ringFull: 7, mapFull: 3 })
  meter.take(false)
  expect(meter.total).toEqual({ ringFull: 2, mapFull: 3, writerBehind: 5, missed: 0, skipped: 0 })
})
