import { describe, expect, test } from 'vitest'
import { QUIET_ATTEMPTS, createSkipWatch, readRecursionMisses } from '../../../src/record/probe/skipped-runs.js'

/** Programs whose skipped runs the test sets. The second one is attached at first. */
function createScene(isAdaptive = true) {
  const misses = { all: 0, first: 0, last: 0 }
  const calls: string[] = []
  const state = { isCounted: true }
  const watch = createSkipWatch(
    {
      readMisses: () => (state.isCounted ? { ...misses } : null),
      attachSecond: () => void calls.push('attach'),
      detachSecond: () => void calls.push('detach'),
    },
    isAdaptive,
  )
  /** Adds skipped runs of the first program and of the last one. */
  const skip = (first: number, last = 0) => {
    misses.first += first
    misses.last += last
    misses.all += first + last
  }
  return { ...watch, calls, misses, skip, state }
}

describe('the second program', () => {
  test('is detached after the required number of attempts without a skipped run, and not before', () => {
    const { tick, calls } = createScene()
    for (const attempts of [0, 1, QUIET_ATTEMPTS - 1]) tick(attempts)
    expect(calls).toEqual([])
    tick(QUIET_ATTEMPTS)
    expect(calls).toEqual(['detach'])
    tick(2 * QUIET_ATTEMPTS)
    expect(calls).toEqual(['detach'])
  })

  test.each([
    ['the first', [1, 0]],
    ['the second', [0, 1]],
  ] as const)('stays attached if a run of %s program was skipped before', (_, [first, last]) => {
    const { tick, calls, skip } = createScene()
    tick(10)
    skip(first, last)
    tick(20)
    for (let i = 1; i < 10; i++) tick(i * QUIET_ATTEMPTS)
    expect(calls).toEqual([])
  })

  test('is attached again at the first run that only the first program skips, and stays attached', () => {
    const { tick, calls, skip } = createScene()
    tick(QUIET_ATTEMPTS)
    tick(QUIET_ATTEMPTS + 1)
    skip(1)
    tick(QUIET_ATTEMPTS + 2)
    expect(calls).toEqual(['detach', 'attach'])
    for (let i = 2; i < 10; i++) tick(i * QUIET_ATTEMPTS)
    skip(5, 5)
    tick(20 * QUIET_ATTEMPTS)
    expect(calls).toEqual(['detach', 'attach'])
  })

  test('is never detached if that is not allowed', () => {
    const { tick, calls } = createScene(false)
    for (let i = 0; i < 10; i++) tick(i * QUIET_ATTEMPTS)
    expect(calls).toEqual([])
  })

  test('stays attached if the kernel does not count skipped runs', () => {
    const { tick, calls, skipped, state } = createScene()
    state.isCounted = false
    for (let i = 0; i < 10; i++) tick(i * QUIET_ATTEMPTS)
    expect([calls, skipped()]).toEqual([[], null])
  })
})

describe('skipped runs', () => {
  test('are 0 at first', () => {
    expect(createScene().skipped()).toEqual({ all: 0, uncovered: 0 })
  })

  test('of the first program are covered by the second; those of the second are not covered', () => {
    const { skip, skipped } = createScene()
    skip(10, 2)
    expect(skipped()).toEqual({ all: 12, uncovered: 2 })
  })

  test('of a program between the first and the last are covered', () => {
    const { misses, skip, skipped } = createScene(false)
    skip(10, 2)
    misses.all += 5
    expect(skipped()).toEqual({ all: 17, uncovered: 2 })
  })

  test('are uncovered as soon as only the first program is attached', () => {
    const { tick, skip, skipped } = createScene()
    tick(QUIET_ATTEMPTS)
    skip(3)
    expect(skipped()).toEqual({ all: 3, uncovered: 3 })
    tick(QUIET_ATTEMPTS + 1)
    expect(skipped()).toEqual({ all: 3, uncovered: 3 })
  })

  test('of the first program are covered again once the second is attached again', () => {
    const { tick, skip, skipped } = createScene()
    tick(QUIET_ATTEMPTS)
    skip(3)
    tick(QUIET_ATTEMPTS + 1)
    skip(100, 1)
    expect(skipped()).toEqual({ all: 104, uncovered: 4 })
  })
})

describe('the count of the kernel', () => {
  const AT = 208

  test('is read at its offset in struct bpf_prog_info', () => {
    const asked: number[] = []
    const misses = readRecursionMisses((fd, info) => {
      asked.push(fd)
      new DataView(info.buffer).setBigUint64(AT, 2n ** 40n + 5n, true)
      return 0
    }, 7)
    expect([misses, asked]).toEqual([2 ** 40 + 5, [7]])
  })

  test('is unknown if the kernel returns a shorter struct or an error', () => {
    const shorten = (_: number, __: Uint8Array, sizeBytes: Uint32Array) => {
      sizeBytes[0] = AT
      return 0
    }
    expect(readRecursionMisses(shorten, 7)).toBeNull()
    expect(readRecursionMisses(() => -1, 7)).toBeNull()
  })
})
