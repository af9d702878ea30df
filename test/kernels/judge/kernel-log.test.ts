import { expect, test } from 'vitest'
import { listComplaints } from './kernel-log.js'

test('an oops is a complaint, and loops_per_jiffy is not', () => {
  const oops = 'Oops: 0000 [#1] PREEMPT SMP'
  expect(listComplaints(`failed to get a good estimate for loops_per_jiffy.\n${oops}\n`)).toEqual([oops])
})

test('a parameter that turns off reports of stalls is no complaint', () => {
  const parameters = [
    'Command line: quiet rcupdate.rcu_cpu_stall_suppress=1',
    '\tRCU CPU stall warnings suppressed (x).',
  ]
  const stall = 'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks'
  expect(listComplaints([...parameters, stall].join('\n'))).toEqual([stall])
})
