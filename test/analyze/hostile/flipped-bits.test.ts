// First: it counts in modules that are loaded after it.
import { askAll, readSample, writeTrace } from './ask-all.js'
import { describe, expect, test } from 'vitest'
import { createRandom, randomInteger } from '../../store/random.js'

describe('a trace of a stranger is answered, or refused with an error of ours, after a bounded amount of work', () => {
  test('bits are flipped anywhere (SEC-41)', async () => {
    const bytes = readSample()
    const codes = new Set<string>()
    for (let seed = 1; seed <= 24; seed++) {
      const random = createRandom(seed)
      const damaged = Uint8Array.from(bytes)
      // Often not in the first pages, which hold the schema: what lies behind a broken one is never looked at.
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
