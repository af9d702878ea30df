import { expect, test } from 'vitest'
import { listComplaints } from './kernel-log.js'

test('an oops is a complaint, and loops_per_jiffy is not', () => {
  const oops = 'Oops: 0000 [#1] PREEMPT SMP'
  expect(listComplaints(`failed to get a good estimate for loops_per_jiffy.\n${oops}\n`)).toEqual([oops])
})
