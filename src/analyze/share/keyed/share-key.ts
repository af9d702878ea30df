import { hkdfSync } from 'node:crypto'

/** Bytes of a key */
export const KEY_BYTES = 32

/** Keys for one purpose each, derived from the one key of a share (HKDF, RFC 5869). */
export interface ShareKey {
  derive(purpose: string, bytes: number): Buffer
}

/** @param secret `KEY_BYTES` random bytes */
export function createShareKey(secret: Uint8Array): ShareKey {
  return {
    derive: (purpose, bytes) => Buffer.from(hkdfSync('sha256', secret, '', `tcpconn share 1: ${purpose}`, bytes)),
  }
}
