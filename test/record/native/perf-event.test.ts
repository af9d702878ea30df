import { expect, test } from 'vitest'
import { perfEventOpenNumber } from '../../../src/record/native/perf-event.js'

test.each([
  ['x64', 298],
  ['arm64', 241],
  ['riscv64', 241],
  ['loong64', 241],
  ['ppc64', 319],
])('the number of perf_event_open on %s is %i', (arch, number) => {
  expect(perfEventOpenNumber(arch)).toBe(number)
})

test.each(['s390x', 'ia32', 'constructor'])('on %s the call is not made, since its number is unknown', (arch) => {
  const error = {
    code: 'E_PROBE',
    reason: expect.stringContaining(arch),
    hint: expect.stringContaining('--local-errors'),
  }
  expect(() => perfEventOpenNumber(arch)).toThrow(expect.objectContaining(error))
})
