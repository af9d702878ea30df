const CHUNK_CHARACTERS = 65_536

/** Joins lines to pieces that are worth a write each, and are never one giant string. */
export function* chunkLines(lines: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
