import { expect, test } from 'vitest'
import { endOfObject } from '../../../src/record/runtimes/end-of-object.js'
import { MAX_FILE_BYTES } from '../../../src/record/runtimes/read-beneath.js'

/** @returns the index, and the number of units that were read for it */
function scan(text: string): [end: number, reads: number] {
  let reads = 0
  const counted = new Proxy<ArrayLike<string>>([], {
    get(_, name) {
      if (name === 'length') return text.length
      reads++
      return text[Number(name)]
    },
  })
  return [endOfObject(counted, 0), reads]
}

test.each([
  ['{}x', 2],
  ['{"a":{"b":"}"}},{"c":1}', 15],
  [String.raw`{"a":"\"}","b":"\\"}]`, 20],
  [String.raw`{"a":"\\\"}`, 11],
  ['{"a":"', 6],
  ['{"a":"\\', 7],
  ['{"a":{', 6],
  ['', 0],
])('an object ends at its brace, or with the text: %s', (text, end) => {
  expect(endOfObject(text, 0)).toBe(Math.min(end, text.length))
})

test.each(['\\"', '"', '\\', '{', '}', '{"', '"\\"'])(
  'the work is linear in the text, for any text: %j (SEC-95)',
  (unit) => {
    const text = `{"a":"${unit.repeat(MAX_FILE_BYTES / unit.length)}`
    const [, reads] = scan(text)
    expect(reads).toBeLessThanOrEqual(2 * text.length)
  },
)
