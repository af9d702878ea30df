// A byte order mark is a character like any other here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Bytes up to the first NUL, at most `lengthBytes`; what is no UTF-8 becomes U+FFFD. */
export function readText(bytes: Uint8Array, from: number, lengthBytes: number): string {
  const end = bytes.indexOf(0, from)
  const limit = end === -1 || end > from + lengthBytes ? from + lengthBytes : end
  return decoder.decode(bytes.slice(from, limit))
}
