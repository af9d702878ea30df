import { expect, test } from 'vitest'
import { isCodeOf, requireLibcMachine } from '../../../src/record/host/libc-machine.js'
import { makeElfStart } from './make-elf-start.js'

const X64 = requireLibcMachine('x64')

test.each(['x64', 'arm64'])('%s is supported', (arch) => {
  const machine = requireLibcMachine(arch)
  expect(isCodeOf(machine, makeElfStart({ elfMachine: machine.elfMachine }))).toBe(true)
})

test.each(['ia32', 'riscv64', 's390x', 'constructor'])('refuses %s with its name', (arch) => {
  const error = { code: 'E_NO_LIBC', reason: expect.stringContaining(arch), hint: expect.stringContaining('--dns') }
  expect(() => requireLibcMachine(arch)).toThrow(expect.objectContaining(error))
})

test.each([
  ['32-bit code of another machine', makeElfStart({ elfClass: 1, elfMachine: 3 })],
  ['32-bit code of this machine, as for x32', makeElfStart({ elfClass: 1 })],
  ['code of another machine', makeElfStart({ elfMachine: 183 })],
  ['big-endian code', makeElfStart({ data: 2 })],
  ['an incomplete header', makeElfStart({}).subarray(0, 19)],
  ['a text', Buffer.from('words that go on for a while')],
])('leaves out %s', (_, start) => {
  expect(isCodeOf(X64, start)).toBe(false)
})
