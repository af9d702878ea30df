import { describe, expect, test } from 'vitest'
import { describeCompleteness, type CompletenessRow } from '../../src/attempt/loss-text.js'

const COMPARED: CompletenessRow = {
  filters: '{}',
  kernel_attempts_min: 100,
  kernel_attempts_max: 100,
  comparable_attempts: 100,
  uncomparable_attempts: 0,
  uncovered_run_count: 0,
  lost: 0,
}
const describeWith = (changes: Partial<CompletenessRow>) => describeCompleteness({ ...COMPARED, ...changes })

describe('a session that was compared', () => {
  test('complete: all attempts that the kernel counted were recorded', () => {
    expect(describeWith({})).toEqual({
      verdict: 'complete',
      text: "100 recorded + 0 lost = the kernel's 100 attempts (TcpActiveOpens)",
    })
  })

  test.each([98, 99, 102])('complete: %i is within the range of the counter', (recorded) => {
    const range = { kernel_attempts_min: 98, kernel_attempts_max: 102, comparable_attempts: recorded }
    expect(describeWith(range).verdict).toBe('complete')
    expect(describeWith(range).text).toContain('98 to 102 attempts')
  })

  test('incomplete: all missing attempts are counted as lost', () => {
    expect(describeWith({ comparable_attempts: 90, lost: 10 })).toEqual({
      verdict: 'incomplete',
      text: "90 recorded + 10 lost = the kernel's 100 attempts (TcpActiveOpens)",
    })
  })

  test.each([99, 101])('incomplete: %i differs from the kernel’s 100 (GAP-56)', (recorded) => {
    const { verdict, text } = describeWith({ comparable_attempts: recorded })
    expect(verdict).toBe('incomplete')
    expect(text).toBe(`${recorded} recorded + 0 lost differs from the kernel's 100 attempts (TcpActiveOpens)`)
  })

  test.each([
    [1, 1, "1 recorded + 0 lost = the kernel's 1 attempt (TcpActiveOpens)"],
    [0, 1, "1 recorded + 0 lost = the kernel's 0 to 1 attempt (TcpActiveOpens)"],
    [105_639, 105_639, "105,639 recorded + 0 lost = the kernel's 105,639 attempts (TcpActiveOpens)"],
  ])('formats numbers: %i to %i', (min, max, text) => {
    expect(describeWith({ kernel_attempts_min: min, kernel_attempts_max: max, comparable_attempts: max }).text).toBe(
      text,
    )
  })

  test('attempts without a counter are reported, and the verdict is unchecked', () => {
    const { verdict, text } = describeWith({ uncomparable_attempts: 7 })
    expect(verdict).toBe('unchecked')
    expect(text).toMatch(
      /; 7 more could not be checked: their network namespaces appeared or disappeared during the recording, or were not visible$/,
    )
  })
})

describe('skipped runs of the probe', () => {
  const SKIPPED = /; the kernel skipped 3 runs of the probe: attempts may be missing$/

  test('are not reported if all attempts were compared', () => {
    const { verdict, text } = describeWith({ uncovered_run_count: 3 })
    expect([verdict, text]).toEqual(['complete', "100 recorded + 0 lost = the kernel's 100 attempts (TcpActiveOpens)"])
  })

  test('are reported if some attempts could not be compared', () => {
    expect(describeWith({ uncovered_run_count: 3, uncomparable_attempts: 7 }).text).toMatch(SKIPPED)
  })

  test('are reported if nothing was compared (GAP-06)', () => {
    const { verdict, text } = describeWith({ uncovered_run_count: 3, kernel_attempts_min: null })
    expect([verdict, text]).toEqual(['unchecked', expect.stringMatching(SKIPPED)])
  })

  test.each([0, null])('are not reported if they are %s', (uncovered_run_count) => {
    for (const changes of [{ uncomparable_attempts: 7 }, { kernel_attempts_min: null }]) {
      expect(describeWith({ uncovered_run_count, ...changes }).text).not.toContain('skipped')
    }
  })
})

describe('a session that was not compared', () => {
  test('after an unclean shutdown', () => {
    const unknown = { kernel_attempts_min: null, kernel_attempts_max: null, comparable_attempts: null }
    expect(describeWith(unknown)).toEqual({
      verdict: 'unchecked',
      text: 'not checked against TcpActiveOpens: the recorder did not end normally',
    })
  })

  test('because it recorded only a part of the host', () => {
    const { verdict, text } = describeWith({ filters: '{"port":[80]}', kernel_attempts_min: null })
    expect(verdict).toBe('unchecked')
    expect(text).toMatch(/only a part of the host was recorded$/)
  })
})
