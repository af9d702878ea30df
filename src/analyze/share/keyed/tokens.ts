import { createHmac } from 'node:crypto'
import type { ShareKey } from './share-key.js'

/** Crockford's base 32 in lower case: no i, l, o and u, which are misread. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
/** 40 bits: among 10,000 names two have the same token with a probability of 1 in 20,000. */
const TOKEN_LENGTH = 8
/** For a name whose token of the usual length belongs to another name of the trace */
export const LONG_TOKEN_LENGTH = 16

/** Names a text, like `host-7f3a9k2m`: the same for the same key, kind and text. */
export type NameText = (kind: string, text: string, length?: number) => string

export function createTokens(key: ShareKey): NameText {
  const secret = key.derive('names', 32)
  return (kind, text, length = TOKEN_LENGTH) => {
    const digest = createHmac('sha256', secret).update(`${kind}\0${text}`).digest()
    return `${kind}-${Array.from(digest.subarray(0, length), (byte) => DIGITS[byte & 31]).join('')}`
  }
}
