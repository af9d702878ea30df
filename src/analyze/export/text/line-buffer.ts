/** Characters per encoder call. */
const PIECE = 16_384

/** Collects lines as UTF-8, alternating between two buffers. */
export interface LineBuffer {
  add(line: string): void
  /** The bytes added since the last call, valid until the call after the next one. */
  take(): Uint8Array
}

export function createLineBuffer(): LineBuffer {
  const memory = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)] as [Buffer, Buffer]
  let length = 0
  let piece = ''
  const flush = () => {
    // A UTF-16 unit takes at most three bytes.
    if (memory[0].length < length + piece.length * 3) {
      const larger = Buffer.alloc(Math.max(memory[0].length * 2, length + piece.length * 3))
      memory[0].copy(larger, 0, 0, length)
      memory[0] = larger
    }
    length += memory[0].write(piece, length)
    piece = ''
  }
  return {
    add(line) {
      piece += line
      if (piece.length > PIECE) flush()
    },
    take() {
      flush()
      const taken = memory[0].subarray(0, length)
      memory.reverse()
      length = 0
      return taken
    },
  }
}
