/**
 * Maps equal keys to the same small entry number: 0, 1, 2 … in order of appearance. A key is a fixed number of 32-bit
 * words inside a larger array, so that a known key costs no copy or allocation.
 */
export interface WordInterner {
  /** Number of distinct keys. */
  readonly size: number
  /** Entry of the key at `offset` (in words), or `-1 - entry` for a new key. */
  intern(words: Uint32Array, offset: number): number
  /** Removes all keys except the first `count`. */
  truncate(count: number): void
}

/** @param keyWords length of a key in 32-bit words */
export function createWordInterner(keyWords: number): WordInterner {
  let keys = new Uint32Array(256 * keyWords)
  let slots = new Int32Array(1024).fill(-1)
  let size = 0
  // Attempts of one process are often consecutive, so the key often equals the previous one.
  let last = -1

  const equals = (entry: number, words: Uint32Array, offset: number) => {
    const start = entry * keyWords
    for (let i = 0; i < keyWords; i++) if (keys[start + i] !== words[offset + i]) return false
    return true
  }
  const add = (slot: number, words: Uint32Array, offset: number) => {
    const entry = size++
    if (size * keyWords > keys.length) keys = grown(keys)
    for (let i = 0; i < keyWords; i++) keys[entry * keyWords + i] = words[offset + i] as number
    slots[slot] = entry
    if (size * 2 > slots.length) rehash(slots.length * 2)
    return -1 - entry
  }
  const rehash = (slotCount: number) => {
    slots = new Int32Array(slotCount).fill(-1)
    const mask = slots.length - 1
    for (let entry = 0; entry < size; entry++) {
      let slot = hashWords(keys, entry * keyWords, keyWords) & mask
      while (slots[slot] !== -1) slot = (slot + 1) & mask
      slots[slot] = entry
    }
  }
  return {
    get size() {
      return size
    },
    intern(words, offset) {
      if (last >= 0 && equals(last, words, offset)) return last
      const mask = slots.length - 1
      let slot = hashWords(words, offset, keyWords) & mask
      for (;;) {
        const entry = slots[slot] as number
        if (entry === -1) return add(slot, words, offset)
        if (equals(entry, words, offset)) return (last = entry)
        slot = (slot + 1) & mask
      }
    },
    truncate(count) {
      size = Math.min(size, count)
      last = -1
      rehash(slots.length)
    },
  }
}

/**
 * FNV-1a on words instead of bytes (Fowler, Noll, Vo), with MurmurHash3's last step so that high bits affect low ones.
 */
function hashWords(words: Uint32Array, offset: number, length: number): number {
  let hash = 0x811c9dc5
  for (let i = offset; i < offset + length; i++) hash = Math.imul(hash ^ (words[i] as number), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

function grown(keys: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(keys.length * 2)
  larger.set(keys)
  return larger
}
