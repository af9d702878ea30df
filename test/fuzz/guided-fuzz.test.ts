import { describe, expect, test } from 'vitest'
import { describeFinding, fuzzGuided } from './guided-fuzz.js'
import { startCounting, watchCoverage, type SourceCoverage } from './source-coverage.js'

const INPUTS = 500_000
const BLIND: SourceCoverage = { hasNew: () => false, accept() {}, work: 0 }

/** Four bytes at once are 2^32 inputs; one after the other they are four times 2^8. */
function takeWord(input: Uint8Array): void {
  if (input[0] === 0x66) {
    if (input[1] === 0x75) {
      if (input[2] === 0x7a) {
        if (input[3] === 0x01) {
          throw new Error('planted')
        }
      }
    }
  }
}

function fuzz(coverage: SourceCoverage, take = takeWord) {
  return fuzzGuided({ take, corpus: [new Uint8Array(4)], inputs: INPUTS, seed: 1, coverage })
}

describe('coverage-guided inputs', () => {
  test('find faults that random inputs do not find', () => {
    const counting = startCounting()
    const guided = fuzz(watchCoverage(counting, (url) => url.includes('guided-fuzz.test')))
    counting.disconnect()
    expect(guided.finding?.error).toEqual(new Error('planted'))
    expect([...(guided.finding?.input ?? [])].slice(0, 4)).toEqual([0x66, 0x75, 0x7a, 1])
    expect(guided.added.length).toBeGreaterThanOrEqual(3)
    expect(fuzz(BLIND)).toEqual({ inputs: INPUTS, added: [], finding: null })
  })

  test('that take too much work are findings, identified within their batch', () => {
    let [ran, work] = [0, 0]
    const coverage: SourceCoverage = {
      hasNew() {
        work = ran
        ran = 0
        return false
      },
      accept() {},
      get work() {
        return work
      },
    }
    const { finding } = fuzz(coverage, (input) => void (ran += (input[0] ?? 0) > 200 ? 2e9 : 1000))
    expect(finding?.input[0]).toBeGreaterThan(200)
    expect(String(finding?.error)).toContain('it ran 2000000000 blocks')
  })

  test('are described so that they can be tried again', () => {
    const text = describeFinding({ input: Uint8Array.of(102, 117), error: new Error('planted') })
    expect(text).toContain('ZnU=')
    expect(text).toContain('planted')
  })
})
