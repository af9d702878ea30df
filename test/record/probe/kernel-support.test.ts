import { expect, test } from 'vitest'
import { isKernelSupported, requireKernelSupport } from '../../../src/record/probe/kernel-support.js'

test.each([
  ['5.8.0', true],
  ['5.8', true],
  ['5.10.0-28-amd64', true],
  ['6.1.0-18-cloud-amd64', true],
  ['6.18.5', true],
  ['10.0.0', true],
  ['5.7.19', false],
  ['5.4.0-150-generic', false],
  ['4.19.0-26-amd64', false],
  ['4.9', false],
  ['unknown', false],
])('kernel %s: %s', (kernel, isSupported) => {
  expect(isKernelSupported(kernel)).toBe(isSupported)
})

test('refuses an old kernel, and names it and the minimum version', () => {
  expect(() => requireKernelSupport('4.19.0', '/')).toThrow(
    expect.objectContaining({ code: 'E_KERNEL_TOO_OLD', reason: expect.stringMatching(/4\.19\.0.*5\.8/) }),
  )
})

test('refuses a kernel without BTF, and names the file', () => {
  expect(() => requireKernelSupport('6.1.0', '/no/btf')).toThrow(
    expect.objectContaining({ code: 'E_NO_BTF', reason: expect.stringContaining('/no/btf') }),
  )
})

test('accepts a kernel with all requirements', () => {
  expect(requireKernelSupport('6.1.0', '/')).toBeUndefined()
})
