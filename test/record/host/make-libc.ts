import { makeElfStart } from './make-elf-start.js'

/** The symbols of an ELF file. Default: a getaddrinfo that does nothing. */
export interface LibcFields {
  /** Its functions, in order */
  readonly names?: readonly string[]
  /** The section of the functions; 0: they are imported */
  readonly section?: number
  /** st_info; default: a global function */
  readonly info?: number
  readonly elfMachine?: number
}

const [HEADER_BYTES, SECTION_BYTES, SYMBOL_BYTES] = [64, 64, 24]
const [SHT_PROGBITS, SHT_DYNSYM, SHT_STRTAB, GLOBAL_FUNCTION] = [1, 11, 3, 0x12]
/** The address of the code in memory differs from its offset in the file. */
const CODE_ADDRESS = 0x7000
const [NOP_X64, RETURN_X64] = [0x90, 0xc3]
const [NOP_ARM64, RETURN_ARM64] = ['1f2003d5', 'c0035fd6']

/** Offset of the code in such a file; each function has 8 bytes. */
export const CODE_AT = HEADER_BYTES + 4 * SECTION_BYTES

/** A file with the parts of a libc that are read: header, sections, code, symbols, and their names. */
export function makeLibc({ names = ['getaddrinfo'], section = 1, info, elfMachine }: LibcFields = {}): Buffer {
  const code = Buffer.alloc(8 * names.length, makeFunction(elfMachine))
  const strings = Buffer.from(['', ...names, ''].join('\0'))
  const symbolsAt = CODE_AT + code.length
  const stringsAt = symbolsAt + SYMBOL_BYTES * (names.length + 1)
  const symbols = names.map((name, i) =>
    makeSymbol({
      nameAt: strings.indexOf(`\0${name}\0`) + 1,
      info: info ?? GLOBAL_FUNCTION,
      section,
      value: CODE_ADDRESS + 8 * i,
    }),
  )
  return Buffer.concat([
    makeHeader(elfMachine),
    Buffer.alloc(SECTION_BYTES),
    makeSection({ type: SHT_PROGBITS, address: CODE_ADDRESS, at: CODE_AT, bytes: code.length, link: 0 }),
    makeSection({ type: SHT_DYNSYM, address: 0, at: symbolsAt, bytes: stringsAt - symbolsAt, link: 3 }),
    makeSection({ type: SHT_STRTAB, address: 0, at: stringsAt, bytes: strings.length, link: 0 }),
    code,
    Buffer.alloc(SYMBOL_BYTES),
    ...symbols,
    strings,
  ])
}

function makeFunction(elfMachine?: number): Buffer {
  const isArm = elfMachine === 183
  return isArm ? Buffer.from(NOP_ARM64 + RETURN_ARM64, 'hex') : Buffer.alloc(8, NOP_X64).fill(RETURN_X64, 7)
}

function makeHeader(elfMachine?: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.set(makeElfStart(elfMachine === undefined ? {} : { elfMachine }))
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 40)
  header.writeUInt16LE(SECTION_BYTES, 58)
  header.writeUInt16LE(4, 60)
  return header
}

function makeSection(fields: { type: number; address: number; at: number; bytes: number; link: number }): Buffer {
  const section = Buffer.alloc(SECTION_BYTES)
  section.writeUInt32LE(fields.type, 4)
  section.writeBigUInt64LE(BigInt(fields.address), 16)
  section.writeBigUInt64LE(BigInt(fields.at), 24)
  section.writeBigUInt64LE(BigInt(fields.bytes), 32)
  section.writeUInt32LE(fields.link, 40)
  return section
}

function makeSymbol(fields: { nameAt: number; info: number; section: number; value: number }): Buffer {
  const symbol = Buffer.alloc(SYMBOL_BYTES)
  symbol.writeUInt32LE(fields.nameAt, 0)
  symbol.writeUInt8(fields.info, 4)
  symbol.writeUInt16LE(fields.section, 6)
  symbol.writeBigUInt64LE(BigInt(fields.value), 8)
  return symbol
}
