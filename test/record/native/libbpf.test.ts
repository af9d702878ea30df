import { expect, test } from 'vitest'
import { openLibbpf } from '../../../src/record/native/libbpf.js'

test('a missing library: E_LIBBPF_MISSING names it and the package', () => {
  expect(() => openLibbpf('libbpf-of-nobody.so.1')).toThrow(
    expect.objectContaining({
      code: 'E_LIBBPF_MISSING',
      reason: expect.stringContaining('libbpf-of-nobody.so.1'),
      hint: expect.stringContaining('apt-get install libbpf1'),
      cause: expect.any(Error),
    }),
  )
})

test.each([
  [2, /^No such file or directory/],
  [4003, /^Endian mismatch$/],
])('errno %i is reported by name', (error, text) => {
  expect(openLibbpf().strerror(error)).toMatch(text)
})
