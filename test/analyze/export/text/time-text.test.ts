import { expect, test } from 'vitest'
import { createTimeText } from '../../../../src/analyze/export/text/time-text.js'

test.each([
  [0n, '1970-01-01T00:00:00.000000000Z'],
  [1_700_000_000_123_456_789n, '2023-11-14T22:13:20.123456789Z'],
  [-1n, '1969-12-31T23:59:59.999999999Z'],
  [-1_000_000_000n, '1969-12-31T23:59:59.000000000Z'],
  [-1_000_000_001n, '1969-12-31T23:59:58.999999999Z'],
  [-86_400_000_000_000n, '1969-12-31T00:00:00.000000000Z'],
  [2n ** 63n - 1n, '2262-04-11T23:47:16.854775807Z'],
  [-(2n ** 63n), '1677-09-21T00:12:43.145224192Z'],
])('%s ns is %s, whatever the previous time', (unixNs, text) => {
  for (const before of [null, unixNs, 0n, -1n, 1n, unixNs - 1n]) {
    const timeText = createTimeText()
    if (before !== null) timeText(before)
    expect(timeText(unixNs)).toBe(text)
  }
})
