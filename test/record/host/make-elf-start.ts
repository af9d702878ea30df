import { requireLibcMachine } from '../../../src/record/host/libc-machine.js'

/** How an ELF file begins: one of 64 bits, little-endian, for x86-64, unless it is said otherwise. */
export function makeElfStart(fields: { elfClass?: number; data?: number; elfMachine?: number }): Uint8Array {
  const { elfClass = 2, data = 1, elfMachine = requireLibcMachine('x64').elfMachine } = fields
  const start = Buffer.alloc(20)
  start.set([0x7f, ...Buffer.from('ELF'), elfClass, data])
  start.writeUInt16LE(elfMachine, 18)
  return start
}
