import { createCipheriv, type Cipher } from 'node:crypto'
import { isIpv4Mapped } from '../../../attempt/address.js'

const ADDRESS_BITS = 128
const IPV4_START = 96
const BLOCK_BYTES = 16
/** Bytes of a key: two different keys of AES-128 */
export const PFX_KEY_BYTES = 32

/** Prefix-preserving encryption: two addresses that share their first n bits share exactly n bits afterwards. */
export interface Ipcrypt {
  /**
   * Encrypts the bits from `from` on; those before stay as they are.
   * @param from `firstBit(address)` for all bits of ipcrypt-pfx
   */
  encrypt(address: Uint8Array, from: number): Uint8Array
  /** Inverse of `encrypt` with the same `from`. */
  decrypt(address: Uint8Array, from: number): Uint8Array
}

/** The first bit of an address that ipcrypt-pfx encrypts: IPv4 stays IPv4. */
export function firstBit(address: Uint8Array): number {
  return isIpv4Mapped(address) ? IPV4_START : 0
}

/**
 * ipcrypt-pfx of "Methods for IP Address Encryption and Obfuscation": https://datatracker.ietf.org/doc/draft-denis-ipcrypt/.
 * Each bit is inverted or not, depending on all bits before it: on the lowest bit of AES(K1, prefix) XOR AES(K2, prefix).
 * @param key 32 bytes, the two halves different
 */
export function createIpcrypt(key: Uint8Array): Ipcrypt {
  const halves = [key.subarray(0, BLOCK_BYTES), key.subarray(BLOCK_BYTES, PFX_KEY_BYTES)] as const
  if (key.length !== PFX_KEY_BYTES || Buffer.compare(...halves) === 0) {
    throw new RangeError('the key of ipcrypt-pfx has two different halves of 16 bytes')
  }
  const ciphers = halves.map(createAes) as [Cipher, Cipher]
  /** What the bit after each of some prefixes is XORed with: a byte per prefix, of which the lowest bit counts. */
  const masksOf = (prefixes: Uint8Array) => {
    const [first, second] = [ciphers[0].update(prefixes), ciphers[1].update(prefixes)]
    return (i: number) => (first[i * BLOCK_BYTES + 15]! ^ second[i * BLOCK_BYTES + 15]!) & 1
  }
  return {
    encrypt(address, from) {
      // The prefixes of the original are all known: one call for all of them.
      const prefixes = new Uint8Array((ADDRESS_BITS - from) * BLOCK_BYTES)
      let prefix = prefixAt(address, from)
      for (let bit = from; bit < ADDRESS_BITS; bit++) {
        prefixes.set(prefix, (bit - from) * BLOCK_BYTES)
        prefix = extended(prefix, bitAt(address, bit))
      }
      const maskAt = masksOf(prefixes)
      const encrypted = Uint8Array.from(address)
      for (let bit = from; bit < ADDRESS_BITS; bit++) if (maskAt(bit - from) === 1) flip(encrypted, bit)
      return encrypted
    },
    decrypt(address, from) {
      const decrypted = Uint8Array.from(address)
      let prefix = prefixAt(address, from)
      for (let bit = from; bit < ADDRESS_BITS; bit++) {
        if (masksOf(prefix)(0) === 1) flip(decrypted, bit)
        prefix = extended(prefix, bitAt(decrypted, bit))
      }
      return decrypted
    },
  }
}

function createAes(key: Uint8Array): Cipher {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
}

/** The first `length` bits at the end of a block, with a 1 before them. */
function prefixAt(address: Uint8Array, length: number): Uint8Array {
  let prefix = new Uint8Array(BLOCK_BYTES)
  prefix[BLOCK_BYTES - 1] = 1
  for (let bit = 0; bit < length; bit++) prefix = extended(prefix, bitAt(address, bit))
  return prefix
}

/** A prefix with one more bit. */
function extended(prefix: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(BLOCK_BYTES)
  for (let i = 0; i < BLOCK_BYTES - 1; i++) longer[i] = (prefix[i]! << 1) | (prefix[i + 1]! >> 7)
  longer[BLOCK_BYTES - 1] = (prefix[BLOCK_BYTES - 1]! << 1) | bit
  return longer
}

function bitAt(address: Uint8Array, bit: number): number {
  return (address[bit >> 3]! >> (7 - (bit & 7))) & 1
}

function flip(address: Uint8Array, bit: number): void {
  address[bit >> 3]! ^= 128 >> (bit & 7)
}
