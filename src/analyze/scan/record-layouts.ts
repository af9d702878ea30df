const COLUMNS = 12
/** Header bytes: the length of the header, then one serial type per column. */
export const RECORD_HEADER_BYTES = 13
/** Size of a value by its serial type. 0 is NULL, 8 and 9 are the integers 0 and 1, 7 is a real number. */
const SIZES = [0, 1, 2, 3, 4, 6, 8, -1, 0, 0]
const MAX_LAYOUTS = 1024
/** A power of two, four times the number of layouts. */
const SLOTS = 4096
/** Integers per layout: one field per column except column 0, then the types in three words. */
const LAYOUT_LENGTH = 16
const TYPES_AT = 13
const TWO_TO_32 = 4294967296

/** Kinds of values. The most frequent kind, up to 4 bytes, is 0. */
const SIX_BYTES = 1
const EIGHT_BYTES = 2
const NULL = 3

/**
 * Layouts of records, by their serial types. A layout is a position in `fields`, where it has an integer for each column:
 *
 *   bits 0 to 7    offset of the value in the record; for a value of up to 4 bytes, of the big-endian word that ends
 *                  with it
 *   bits 8 to 12   bits by which that word is shifted left and back
 *   bit 13         added to the word: the integer 1 has no bytes
 *   bit 14         set if the value has bytes
 *   from bit 16    kind of value
 */
export interface RecordLayouts {
  readonly fields: Int32Array
  /** A hash table of layouts plus one; 0 is a free slot. */
  readonly slots: Int16Array
  /** Adds the layout of a record at a free slot. @returns the new value of the slot */
  add(view: DataView, record: number, slot: number): number
}

/** The rows of a trace have a few dozen layouts. Limits the memory for damaged traces. */
export function createRecordLayouts(): RecordLayouts {
  const fields = new Int32Array(MAX_LAYOUTS * LAYOUT_LENGTH)
  const slots = new Int16Array(SLOTS)
  let count = 0
  return {
    fields,
    slots,
    add(view, record, slot) {
      if (count === MAX_LAYOUTS) {
        slots.fill(0)
        count = 0
      }
      describeLayout(view, record, fields.subarray(count * LAYOUT_LENGTH, (count + 1) * LAYOUT_LENGTH))
      return (slots[slot] = LAYOUT_LENGTH * count++ + 1)
    },
  }
}

/**
 * Finds the layouts of records.
 * @param starts offset of each record in `view`
 * @param lengths of the records, in bytes
 * @param found receives the layouts
 * @returns false if a record has a value that is not an integer, or that ends outside of the record
 */
export function findLayouts(
  { fields, slots, add }: RecordLayouts,
  view: DataView,
  { starts, lengths, count }: { readonly starts: Int32Array; readonly lengths: Uint8Array; readonly count: number },
  found: Int32Array,
): boolean {
  // Constants of the module would be looked up for every row.
  const [typesAt, slotMask] = [TYPES_AT, SLOTS - 1]
  for (let i = 0; i < count; i++) {
    const start = starts[i] as number
    // Column 0 is the rowid, and NULL in the record.
    const first = view.getInt32(start + 2)
    const middle = view.getInt32(start + 6)
    const last = view.getInt32(start + 9)
    let slot = (Math.imul(first, 0x9e3779b1) ^ Math.imul(middle, 0x85ebca6b) ^ Math.imul(last, 0xc2b2ae35)) >>> 20
    for (;;) {
      const layout = ((slots[slot] as number) || add(view, start, slot)) - 1
      const types = layout + typesAt
      found[i] = layout
      if (fields[types] === first && fields[types + 1] === middle && fields[types + 2] === last) break
      slot = (slot + 1) & slotMask
    }
    if ((fields[found[i] as number] as number) > (lengths[i] as number)) return false
  }
  return true
}

/** Writes a field for each column, and the size of the record in place of column 0: too large for an invalid record. */
function describeLayout(view: DataView, record: number, fields: Int32Array): void {
  let end = RECORD_HEADER_BYTES
  let isValid = true
  for (let column = 1; column < COLUMNS; column++) {
    const type = view.getUint8(record + 1 + column)
    const size = SIZES[type] ?? -1
    if (size === -1) isValid = false
    else end += size
    fields[column] = fieldOf(type, size, end)
  }
  fields[0] = isValid ? end : 0x7fffffff
  for (const [i, at] of [2, 6, 9].entries()) fields[TYPES_AT + i] = view.getInt32(record + at)
}

function fieldOf(type: number, size: number, end: number): number {
  if (type === 0) return NULL << 16
  if (size <= 0) return RECORD_HEADER_BYTES - 4 + (type === 9 ? 1 << 13 : 0)
  if (size > 4) return ((size === 6 ? SIX_BYTES : EIGHT_BYTES) << 16) | (end - size)
  return (1 << 14) | ((32 - 8 * size) << 8) | (end - 4)
}

/** A value by its field in a layout; NaN for NULL. Reads nearly all values without a branch. */
export function readField(view: DataView, record: number, field: number): number {
  const at = record + (field & 255)
  if (field < 1 << 16) {
    const shift = field >> 8
    return (((view.getInt32(at) << shift) >> shift) & -((field >> 14) & 1)) + ((field >> 13) & 1)
  }
  const kind = field >> 16
  if (kind === SIX_BYTES) return view.getInt16(at) * TWO_TO_32 + view.getUint32(at + 2)
  return kind === EIGHT_BYTES ? asSafe(view.getInt32(at) * TWO_TO_32 + view.getUint32(at + 4)) : NaN
}

/** An integer of a column; NaN above 2^53, which no recorder writes. */
export function asSafe(value: number): number {
  return Number.isSafeInteger(value) ? value : NaN
}
