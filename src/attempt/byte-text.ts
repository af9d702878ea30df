/** UTF-8 as RFC 3629 defines it, over one character per byte. */
const WELL_FORMED =
  /(?:[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+/g
/** Backslashes that could be read as part of an escape. */
const AMBIGUOUS = /\\+(?=x[89a-f][0-9a-f])/gi
const ESCAPE = /(\\+)(x([89a-f][0-9a-f]))/gi
const LAST_BACKSLASHES = /\\+$/
// A byte order mark is an ordinary character here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Text for names that may hold any bytes: UTF-8, with `\xff` for each byte that is not part of it. The mapping is
 * unique: backslashes before text that looks like such an escape are doubled; all others stay single.
 */
export function decodeBytes(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte < 0x80)) return escapeLiterals(decoder.decode(bytes))
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  let text = ''
  let end = 0
  for (const { 0: run, index } of latin1.matchAll(WELL_FORMED)) {
    text = escapeBytes(text, latin1.slice(end, index))
    text += escapeLiterals(Buffer.from(run, 'latin1').toString())
    end = index + run.length
  }
  return escapeBytes(text, latin1.slice(end))
}

/** Inverse of `decodeBytes`. */
export function encodeBytes(text: string): Buffer {
  const parts: Buffer[] = []
  let end = 0
  for (const { 0: escape, 1: backslashes = '', 2: literal = '', 3: digits = '', index } of text.matchAll(ESCAPE)) {
    const isByte = backslashes.length % 2 === 1
    const before = text.slice(end, index) + '\\'.repeat(Math.floor(backslashes.length / 2))
    parts.push(Buffer.from(before), isByte ? Buffer.from(digits, 'hex') : Buffer.from(literal))
    end = index + escape.length
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(end))])
}

function escapeLiterals(text: string): string {
  return text.replaceAll(AMBIGUOUS, (backslashes) => backslashes + backslashes)
}

function escapeBytes(before: string, latin1: string): string {
  if (latin1 === '') return before
  const escapes = latin1.replaceAll(/[^]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
  return before.replace(LAST_BACKSLASHES, (backslashes) => backslashes + backslashes) + escapes
}
