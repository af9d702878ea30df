import { type AddressClass, classOf } from './address-class.js'
import { createIpcrypt, PFX_KEY_BYTES } from './ipcrypt-pfx.js'
import { createPermutation, type Permutation } from './permutation.js'
import type { ShareKey } from './share-key.js'

const ALL_BITS = 128

/** Addresses of 16 bytes to others of the same class, one to one. */
export interface AddressPseudonyms {
  of(address: Uint8Array): Uint8Array
  original(pseudonym: Uint8Array): Uint8Array
}

/** Encryption of the bits that a class does not keep. Its results may be in another class. */
interface Encryption {
  encrypt(address: Uint8Array, kept: number): Uint8Array
  decrypt(address: Uint8Array, kept: number): Uint8Array
}

/**
 * Level `default`: ipcrypt-pfx. Addresses of one class that share at least 16 bits (IPv4) or 10 bits (IPv6) share exactly as many
 * bits afterwards.
 */
export function createPrefixPseudonyms(key: ShareKey): AddressPseudonyms {
  return keepClasses(createIpcrypt(key.derive('addresses', PFX_KEY_BYTES)))
}

/** Level `strict`: nothing is left of the prefixes, apart from the class. */
export function createScrambledPseudonyms(key: ShareKey): AddressPseudonyms {
  const byKept = new Map<number, Permutation>()
  const permutationOf = (kept: number) => {
    const made =
      byKept.get(kept) ?? createPermutation(key.derive(`addresses ${kept}`, 16), 1n << BigInt(ALL_BITS - kept))
    byKept.set(kept, made)
    return made
  }
  const replace = (address: Uint8Array, kept: number, way: 'forward' | 'backward') => {
    if (kept === ALL_BITS) return address
    const number = BigInt(`0x${Buffer.from(address).toString('hex')}`)
    const low = (1n << BigInt(ALL_BITS - kept)) - 1n
    const mixed = (number & ~low) | permutationOf(kept)[way](number & low)
    return Uint8Array.from(Buffer.from(mixed.toString(16).padStart(32, '0'), 'hex'))
  }
  return keepClasses({
    encrypt: (address, kept) => replace(address, kept, 'forward'),
    decrypt: (address, kept) => replace(address, kept, 'backward'),
  })
}

/**
 * Keeps the bits that make the class. A public address whose pseudonym would be in another class is encrypted again until it is
 * not: this is one to one, because the classes are small and each address has one predecessor. Addresses that share a prefix
 * which lies in such a class as a whole take the same steps, and keep sharing it.
 */
function keepClasses({ encrypt, decrypt }: Encryption): AddressPseudonyms {
  const walk = (address: Uint8Array, step: Encryption['encrypt']) => {
    const from: AddressClass = classOf(address)
    let result = step(address, from.kept)
    while (classOf(result) !== from) result = step(result, from.kept)
    return result
  }
  return { of: (address) => walk(address, encrypt), original: (pseudonym) => walk(pseudonym, decrypt) }
}
