import { expect, test } from 'vitest'
import { listComplaints } from './kernel-log.js'

test('reports an oops, but not loops_per_jiffy', () => {
  const oops = 'Oops: 0000 [#1] PREEMPT SMP'
  expect(listComplaints(`failed to get a good estimate for loops_per_jiffy.\n${oops}\n`)).toEqual([oops])
})

test('does not report a parameter that disables reports of stalls', () => {
  const parameters = [
    'Command line: quiet rcupdate.rcu_cpu_stall_suppress=1',
    '\tRCU CPU stall warnings suppressed (x).',
  ]
  const stall = 'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks'
  expect(listComplaints([...parameters, stall].join('\n'))).toEqual([stall])
})
