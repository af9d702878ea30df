import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { explainRefusal } from '../../../src/record/probe/explain-refusal.js'

const { EPERM, EINVAL } = constants.errno
const FREE = 'Name:\tnode\nSeccomp:\t0\nSeccomp_filters:\t0\n'
const FILTERED = FREE.replace('Seccomp:\t0', 'Seccomp:\t2')

describe('EPERM', () => {
  test('is attributed to seccomp if bpf(2) always fails', () => {
    const refusal = explainRefusal(EPERM, { status: FILTERED, refusesAll: true, kernel: '5.10.0' })
    expect(refusal?.reason).toMatch(/seccomp profile refuses the system call bpf/)
    expect(refusal?.hint).toContain('--security-opt seccomp=unconfined')
    expect(refusal?.hint).toContain('securityContext.seccompProfile.type: Unconfined')
  })

  test.each([
    [FREE, true],
    [FILTERED, false],
  ])('is attributed to RLIMIT_MEMLOCK on an older kernel otherwise (GAP-11)', (status, refusesAll) => {
    const refusal = explainRefusal(EPERM, { status, refusesAll, kernel: '5.10.0-43-amd64' })
    expect(refusal?.reason).toContain('RLIMIT_MEMLOCK')
    expect(refusal?.hint).toContain('ulimit -l unlimited')
  })

  test('is attributed to neither on a newer kernel', () => {
    expect(explainRefusal(EPERM, { status: FREE, refusesAll: true, kernel: '5.11.0' })).toBeNull()
  })
})

test('other errors have the reason that libbpf reports', () => {
  expect(explainRefusal(EINVAL, { status: FILTERED, refusesAll: true, kernel: '5.10.0' })).toBeNull()
})
