/**
 * Scans JSON text once, whatever it is: a user may have written it.
 * @param text a string, or another list of UTF-16 units
 * @returns the index after the object that begins at `from`; the end of the text if it does not end
 */
export function endOfObject(text: ArrayLike<string>, from: number): number {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const char = text[i]
    if (char === '"') i = endOfText(text, i)
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return i + 1
  }
  return text.length
}

/** The index of the quote that ends the JSON string that begins at `from`; the end of the text if it does not end. */
function endOfText(text: ArrayLike<string>, from: number): number {
  let i = from + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i
}
