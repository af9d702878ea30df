import { readPart, type HeldFile } from './hold-file.js'

/**
 * Limits for reading a table. glibc has 70 sections of 64 bytes, and 72 kB of symbols. The file is untrusted and of any
 * size.
 */
const [MAX_SECTIONS, MAX_TABLE_BYTES] = [1024, 1 << 20]

/** Offsets and sizes in an ELF64 header, a section header and a symbol (elf.h). */
const [SECTIONS_AT, SECTION_COUNT_AT, HEADER_BYTES] = [40, 60, 64]
const SECTION = { type: 4, address: 16, offset: 24, sizeBytes: 32, link: 40, bytes: 64 }
const SYMBOL = { name: 0, info: 4, section: 6, value: 8, bytes: 24 }
const [SHT_DYNSYM, STT_FUNC, TYPE_BITS] = [11, 2, 15]

interface Section {
  readonly type: number
  readonly address: bigint
  readonly offset: bigint
  readonly sizeBytes: bigint
  readonly link: number
}

/**
 * File offset of an exported function in a 64-bit little-endian ELF file. For an invalid file the result may be any
 * offset in it, or `null`; the cost is bounded.
 */
export function findFunction(file: HeldFile, name: string): number | null {
  const sections = readSections(file)
  const symbols = sections.find(({ type }) => type === SHT_DYNSYM)
  const strings = symbols && sections[symbols.link]
  if (!strings) return null
  const symbol = findSymbol(readTable(file, symbols), readTable(file, strings), name)
  const section = symbol && sections[symbol.section]
  if (!section) return null
  const offset = Number(symbol.value - section.address + section.offset)
  return offset > 0 && Number.isSafeInteger(offset) ? offset : null
}

function readSections(file: HeldFile): Section[] {
  const header = viewOf(readPart(file, 0, HEADER_BYTES))
  if (header.byteLength < HEADER_BYTES) return []
  const count = Math.min(header.getUint16(SECTION_COUNT_AT, true), MAX_SECTIONS)
  const table = viewOf(readPart(file, Number(header.getBigUint64(SECTIONS_AT, true)), count * SECTION.bytes))
  return Array.from({ length: Math.floor(table.byteLength / SECTION.bytes) }, (_, i) => {
    const at = i * SECTION.bytes
    return {
      type: table.getUint32(at + SECTION.type, true),
      address: table.getBigUint64(at + SECTION.address, true),
      offset: table.getBigUint64(at + SECTION.offset, true),
      sizeBytes: table.getBigUint64(at + SECTION.sizeBytes, true),
      link: table.getUint32(at + SECTION.link, true),
    }
  })
}

/** A longer table is truncated. */
function readTable(file: HeldFile, { offset, sizeBytes }: Section): Uint8Array {
  return readPart(file, Number(offset), Math.min(Number(sizeBytes), MAX_TABLE_BYTES))
}

/** The function with this name and a section, i.e. defined in this file. */
function findSymbol(table: Uint8Array, names: Uint8Array, name: string): { section: number; value: bigint } | null {
  const symbols = viewOf(table)
  const wanted = Buffer.from(`${name}\0`)
  for (let at = 0; at + SYMBOL.bytes <= table.length; at += SYMBOL.bytes) {
    const section = symbols.getUint16(at + SYMBOL.section, true)
    if (section === 0 || (symbols.getUint8(at + SYMBOL.info) & TYPE_BITS) !== STT_FUNC) continue
    const nameAt = symbols.getUint32(at + SYMBOL.name, true)
    if (!wanted.equals(names.subarray(nameAt, nameAt + wanted.length))) continue
    return { section, value: symbols.getBigUint64(at + SYMBOL.value, true) }
  }
  return null
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
