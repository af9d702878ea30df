import { requireLibcMachine } from '../../../src/record/host/libc-machine.js'

/** The first bytes of an ELF file. Default: 64 bits, little-endian, x86-64. */
export function makeElfStart(fields: { elfClass?: number; data?: number; elfMachine?: number }): Uint8Array {
  const { elfClass = 2, data = 1, elfMachine = requireLibcMachine('x64').elfMachine } = fields
  const start = Buffer.alloc(20)
  start.set([0x7f, ...Buffer.from('ELF'), elfClass, data])
  start.writeUInt16LE(elfMachine, 18)
  return start
}
