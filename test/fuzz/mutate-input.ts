import { randomInteger } from '../store/random.js'

const MAX_INPUT_BYTES = 2048
/** Bytes that often change the behaviour: ends of ranges, separators, digits. */
const TELLING = [0, 1, 0x7f, 0x80, 0xc0, 0xff, 0x20, 0x2b, 0x2d, 0x2e, 0x2f, 0x30, 0x39, 0x3a, 0x41, 0x5a, 0x61, 0x6d]

type Random = () => number

/** Mutates a kept input, sometimes with a part of a second one. Pure. */
export function mutateInput(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let input = pick(random, corpus)
  for (let changes = randomInteger(random, 1, 6); changes > 0; changes--) {
    const change = CHANGES[randomInteger(random, 0, CHANGES.length - 1)] as (typeof CHANGES)[number]
    input = change(random, input, corpus)
  }
  return input.length > MAX_INPUT_BYTES ? input.subarray(0, MAX_INPUT_BYTES) : input
}

function pick(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  return corpus[randomInteger(random, 0, corpus.length - 1)] as Uint8Array
}

const place = (random: Random, input: Uint8Array) => randomInteger(random, 0, input.length)

const CHANGES: readonly ((random: Random, input: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array)[] = [
  // Flips a bit.
  (random, input) => withByte(random, input, (byte) => byte ^ (1 << randomInteger(random, 0, 7))),
  // Replaces a byte.
  (random, input) => withByte(random, input, () => randomInteger(random, 0, 255)),
  (random, input) => withByte(random, input, () => TELLING[randomInteger(random, 0, TELLING.length - 1)] as number),
  // Adds or subtracts a small number.
  (random, input) => withByte(random, input, (byte) => byte + randomInteger(random, -8, 8)),
  // Inserts bytes.
  (random, input) => {
    const at = place(random, input)
    const bytes = Uint8Array.from({ length: randomInteger(random, 1, 4) }, () => randomInteger(random, 0, 255))
    return join(input.subarray(0, at), bytes, input.subarray(at))
  },
  // Removes a part.
  (random, input) => {
    const from = place(random, input)
    return join(input.subarray(0, from), input.subarray(from + randomInteger(random, 1, 16)))
  },
  // Truncates the input.
  (random, input) => input.subarray(0, place(random, input)),
  // Repeats a part.
  (random, input) => {
    const from = place(random, input)
    const to = from + randomInteger(random, 1, 32)
    return join(input.subarray(0, to), input.subarray(from))
  },
  // Replaces the rest by that of another input.
  (random, input, corpus) => {
    const other = pick(random, corpus)
    return join(input.subarray(0, place(random, input)), other.subarray(place(random, other)))
  },
]

function withByte(random: Random, input: Uint8Array, change: (byte: number) => number): Uint8Array {
  if (input.length === 0) return Uint8Array.of(change(0))
  const changed = input.slice()
  const at = randomInteger(random, 0, input.length - 1)
  changed[at] = change(changed[at] as number)
  return changed
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
