import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { canReadCalls, findNatGaps } from '../../../src/record/probe/nat-gaps.js'
import { BTF_PATH } from '../../../src/record/probe/kernel-support.js'

const host = { btf: Buffer.from('\0nf_conn\0_nfct\0tuplehash\0', 'latin1'), kernel: '6.1.0-31-amd64', arch: 'x64' }
const TRACKING = expect.stringMatching(/^this kernel has no connection tracking, .* \(nat_address\)$/)
const CALLS = expect.stringMatching(
  /^before Linux 5\.15, .* --nat does not record the requested address .* \(service_address\)$/,
)

test('a kernel whose BTF has the fields has no gap', () => {
  expect(findNatGaps(host)).toEqual([])
  expect(findNatGaps({ ...host, arch: 'arm64' })).toEqual([])
})

test.each(['', '_nfct', 'tuplehash', 'my_nfct\0tuplehashes'])(
  'without connection tracking, translated destinations are unknown: %j (GAP-85)',
  (names) => {
    const btf = Buffer.from(`\0nf_conn\0${names}\0`, 'latin1')
    expect(findNatGaps({ ...host, btf })).toEqual([TRACKING])
  },
)

test.each([
  ['5.14.21', 'x64'],
  ['5.10.0-35-amd64', 'arm64'],
  ['6.12.0', 's390x'],
  ['6.12.0', 'constructor'],
])('Linux %s on %s does not read addresses of calls (GAP-86)', (kernel, arch) => {
  expect(canReadCalls({ kernel, arch })).toBe(false)
  expect(findNatGaps({ ...host, kernel, arch })).toEqual([CALLS])
})

test('the running kernel is checked by default', () => {
  const hasTracking = readFileSync(BTF_PATH).includes('\0tuplehash\0')
  expect(findNatGaps().some((gap) => gap.includes('nat_address'))).toBe(!hasTracking)
})
