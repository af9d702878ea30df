import { describe, expect, test } from 'vitest'
import { compareWithKernel, withoutInFlight, type CounterReading } from '../../../src/record/count/completeness.js'
import { createRandom, randomInteger } from '../../store/random.js'

const reading = (before: [number, number][], after = before): CounterReading => ({
  before: new Map(before),
  after: new Map(after),
})
const attempts = (...entries: [number, number][]) => new Map(entries)

test("the kernel's count is the growth of its counter", () => {
  const result = compareWithKernel(reading([[1, 100]]), reading([[1, 150]]), attempts([1, 50]))
  expect(result).toEqual({ kernelMin: 50, kernelMax: 50, comparable: 50, uncomparable: 0 })
})

test('attempts between the reading of the counter and the attaching of the probe turn the count into a range', () => {
  const start = reading([[1, 100]], [[1, 103]])
  const end = reading([[1, 150]], [[1, 154]])
  expect(compareWithKernel(start, end, attempts([1, 51]))).toMatchObject({ kernelMin: 47, kernelMax: 54 })
})

test('attempts in flight at a rotation count for the file in which they are recorded', () => {
  const change = withoutInFlight(reading([[1, 150]], [[1, 151]]), attempts([1, 8], [2, 5]))
  expect(compareWithKernel(reading([[1, 100]]), change, attempts([1, 42]))).toMatchObject({
    kernelMin: 42,
    kernelMax: 43,
  })
  expect(compareWithKernel(change, reading([[1, 200]]), attempts([1, 58]))).toMatchObject({
    kernelMin: 57,
    kernelMax: 58,
  })
})

describe('a network namespace', () => {
  test('created during the recording cannot be compared: its number may be reused', () => {
    const result = compareWithKernel(
      reading([[1, 100]]),
      reading([
        [1, 110],
        [2, 7],
      ]),
      attempts([1, 10], [2, 7]),
    )
    expect(result).toEqual({ kernelMin: 10, kernelMax: 10, comparable: 10, uncomparable: 7 })
  })

  test('that no longer exists at the end, or was never readable, cannot be compared (GAP-15, GAP-27)', () => {
    const result = compareWithKernel(
      reading([
        [1, 100],
        [2, 5],
      ]),
      reading([[1, 110]]),
      attempts([1, 10], [2, 3], [3, 4]),
    )
    expect(result).toEqual({ kernelMin: 10, kernelMax: 10, comparable: 10, uncomparable: 7 })
  })

  test('that disappears between the two readings at the end cannot be compared', () => {
    const result = compareWithKernel(reading([[2, 5]]), reading([[2, 9]], []), attempts([2, 4]))
    expect(result).toEqual({ kernelMin: 0, kernelMax: 0, comparable: 0, uncomparable: 4 })
  })

  test('without recorded attempts still adds the growth of its counter', () => {
    const result = compareWithKernel(reading([[1, 1]]), reading([[1, 2]]), attempts())
    expect(result).toEqual({ kernelMin: 1, kernelMax: 1, comparable: 0, uncomparable: 0 })
  })
})

test('the recorded attempts lie within the range, whatever the order of events', () => {
  const random = createRandom(1)
  for (let round = 0; round < 2000; round++) {
    const { start, end, recorded } = simulate(random)
    const { kernelMin, kernelMax, comparable } = compareWithKernel(start, end, recorded)
    expect(comparable).toBeGreaterThanOrEqual(kernelMin)
    expect(comparable).toBeLessThanOrEqual(kernelMax)
  }
})

/**
 * Simulates namespaces that appear and disappear, with attempts between all steps: read, attach, read, record, read,
 * detach, read.
 */
function simulate(random: () => number) {
  const start = reading([], [])
  const end = reading([], [])
  const recorded = new Map<number, number>()
  const maps = [start.before, start.after, end.before, end.after] as Map<number, number>[]
  for (let key = 1; key <= 6; key++) {
    const isThereAtStart = random() < 0.7
    const isThereAtEnd = random() < 0.8
    const made = Array.from({ length: 6 }, () => (random() < 0.5 ? randomInteger(random, 0, 9) : 0))
    let count = isThereAtStart ? 1000 : 0
    const [beforeOn = 0, afterOn = 0, between = 0, beforeOff = 0, afterOff = 0] = made
    const steps = isThereAtStart
      ? [0, beforeOn + afterOn, between, beforeOff + afterOff]
      : [0, 0, between, beforeOff + afterOff]
    steps.forEach((growth, i) => {
      count += growth
      if (i < 2 ? isThereAtStart : isThereAtEnd) maps[i]?.set(key, count)
    })
    recorded.set(key, (isThereAtStart ? afterOn : 0) + between + beforeOff)
  }
  return { start, end, recorded }
}
