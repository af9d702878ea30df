import { describe, expect, test } from 'vitest'
import { isShown, parseViewOptions } from '../../src/view/view-options.js'

describe('options of the view', () => {
  test.each([
    ['10', 10e6],
    ['0.5', 0.5e6],
    ['2s', 2e9],
  ])('--latency %s is a minimum', (text, minLatencyNs) => {
    const options = parseViewOptions({ latency: text })
    expect(options).toMatchObject({ latency: true, minLatencyNs })
    expect(isShown({ latencyNs: minLatencyNs }, options)).toBe(true)
    expect(isShown({ latencyNs: minLatencyNs - 1 }, options)).toBe(false)
    expect(isShown({ latencyNs: null }, options)).toBe(false)
  })

  test('without --latency, pending attempts are shown too', () => {
    expect(isShown({ latencyNs: null }, parseViewOptions({}))).toBe(true)
  })

  test.each([
    [{ latency: 'soon' }, '--latency'],
    [{ count: true, latency: true }, '--count'],
    [{ count: true, json: true }, '--count'],
    [{ count: true, dns: true }, '--count: "--dns"'],
    [{ interval: '10s' }, '--interval'],
    [{ count: true, interval: '0' }, '--interval'],
    [{ wall: true, timestamp: true }, '--wall'],
  ])('%j is refused, and the error names the option', (raw, option) => {
    expect(() => parseViewOptions(raw)).toThrow(option)
  })
})
