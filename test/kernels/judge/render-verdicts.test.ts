import { expect, test } from 'vitest'
import { judge, Skip } from './check.js'
import type { Guest } from './guest.js'
import { renderVerdicts } from './render-verdicts.js'

const CHECKS = [
  { name: 'holds', run: () => 'all 3' },
  {
    name: 'does not hold on new',
    run: ({ name }: Guest) => {
      if (name === 'new') throw new Error('2 of 3')
    },
  },
  {
    name: 'is not there',
    missingOn: ['old'],
    run: () => {
      throw new Skip('no such thing')
    },
  },
]

test('prints a table of kernels and checks, notes, and the counts at the end', () => {
  const guests = ['old', 'new'].map((name) => ({ name }) as Guest)
  const verdicts = CHECKS.flatMap((check) => guests.map((guest) => judge(check, guest)))
  expect(renderVerdicts(verdicts, ['old', 'new'])).toMatchInlineSnapshot(`
    "holds:
      old ok    all 3
      new ok    all 3
    does not hold on new:
      new FAIL  2 of 3
    is not there:
      old skip  no such thing
      new FAIL  no such thing

    check                 old   new
    holds                 ok    ok
    does not hold on new  ok    FAIL
    is not there          skip  FAIL

    3 passed, 2 failed, 1 skipped
    "
  `)
})

test('sorts columns by kernel, whichever kernels the first check has', () => {
  const verdicts = [
    { check: 'on new alone', kernel: 'new', word: 'ok', note: '' },
    { check: 'on old alone', kernel: 'old', word: 'ok', note: '' },
  ] as const
  expect(renderVerdicts(verdicts, ['old', 'new'])).toContain('check         old  new\non new alone       ok\n')
})
