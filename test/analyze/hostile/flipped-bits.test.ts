// First import: it counts in modules that are loaded after it.
import { askAll, readSample, writeTrace } from './ask-all.js'
import { describe, expect, test } from 'vitest'
import { createRandom, randomInteger } from '../../store/random.js'

describe('a hostile trace is analyzed, or refused with a TcpconnError, with a bounded amount of work', () => {
  test('with flipped bits (SEC-41)', async () => {
    const bytes = readSample()
    const codes = new Set<string>()
    for (let seed = 1; seed <= 24; seed++) {
      const random = createRandom(seed)
      const damaged = Uint8Array.from(bytes)
      // Not often in the first pages, which have the schema: if that is damaged, nothing else is read.
      const from = seed % 4 === 0 ? 100 : 16_384
      for (let i = randomInteger(random, 1, 20); i > 0; i--) {
        damaged[randomInteger(random, from, bytes.length - 1)]! ^= 1 << randomInteger(random, 0, 7)
      }
      for (const code of await askAll(writeTrace(damaged))) codes.add(code)
    }
    expect(codes).toContain('ok')
    expect(codes).toContain('E_DAMAGED_TRACE')
  })
})
