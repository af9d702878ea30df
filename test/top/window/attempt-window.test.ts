import { describe, expect, test } from 'vitest'
import { createAttemptWindow, WINDOW_SECONDS } from '../../../src/top/window/attempt-window.js'
import { endpointOf, groupBy, makeAttempt, makeWindow, processOf } from '../make-attempt.js'

const counts = (bounds: readonly number[]) => bounds.slice(1).map((end, i) => end - (bounds[i] as number))
const many = (count: number, fields = {}) => Array.from({ length: count }, () => makeAttempt(fields))

describe('a window', () => {
  test('has the attempts of each complete second, and not those of the current one', () => {
    const window = makeWindow([many(3), [], many(2)])
    window.add(makeAttempt())
    expect(counts(window.view().bounds)).toEqual([3, 0, 2])
    window.advance(4e9)
    expect(counts(window.view().bounds)).toEqual([3, 0, 2, 1])
  })

  test('is a minute long', () => {
    const window = makeWindow(Array.from({ length: 75 }, (_, second) => many(second)))
    expect(counts(window.view().bounds)).toEqual(Array.from({ length: WINDOW_SECONDS }, (_, i) => i + 15))
    expect(window.view().totals.attempts).toBe((75 * 74) / 2)
  })

  test('is empty after a gap of more than a minute', () => {
    const window = makeWindow([many(5)])
    window.advance(1e15)
    window.add(makeAttempt())
    expect(counts(window.view().bounds)).toEqual(Array.from({ length: WINDOW_SECONDS }, () => 0))
    window.advance(1e15 + 1e9)
    expect(counts(window.view().bounds).at(-1)).toBe(1)
  })

  test('ignores a time before the current second', () => {
    const window = makeWindow([many(1), many(2)])
    window.advance(0)
    window.add(makeAttempt())
    window.advance(3e9)
    expect(counts(window.view().bounds)).toEqual([1, 2, 1])
  })

  test('keeps every attempt while it grows beyond its first memory', () => {
    const seconds = Array.from({ length: 5 }, (_, second) => many(20_000, { errno: second }))
    const { columns, bounds } = makeWindow(seconds).view()
    expect(counts(bounds)).toEqual(seconds.map(() => 20_000))
    const errnos = seconds.map((_, second) => columns.errno[(bounds[second] as number) & columns.mask])
    expect(errnos).toEqual([0, 1, 2, 3, 4])
  })

  test('with more attempts than fit has fewer seconds, each complete, and reports it', () => {
    const window = makeWindow(
      Array.from({ length: 10 }, () => many(100)),
      { attempts: 512 },
    )
    expect(window.view().isCut).toBe(true)
    expect(counts(window.view().bounds)).toEqual([100, 100, 100, 100, 100])
    expect(window.view().totals.attempts).toBe(1000)
  })

  test('that was cut is whole again when a minute fits', () => {
    const window = makeWindow([many(600)], { attempts: 512 })
    expect(window.view().isCut).toBe(true)
    for (let second = 2; second < 62; second++) window.advance(second * 1e9)
    expect(window.view().isCut).toBe(false)
  })

  test('with more attempts in one second than fit keeps the last of them', () => {
    const window = createAttemptWindow({ attempts: 64 })
    for (let errno = 0; errno < 200; errno++) window.add(makeAttempt({ errno }))
    window.advance(1e9)
    const { bounds, columns } = window.view()
    expect(counts(bounds)).toEqual([64])
    expect(columns.errno[(bounds[0] as number) & columns.mask]).toBe(136)
  })

  test('counts failures since the start', () => {
    const window = makeWindow([
      [makeAttempt({ outcome: 'refused' }), makeAttempt(), makeAttempt({ outcome: 'pending' })],
    ])
    expect(window.view().totals).toEqual({ attempts: 3, failed: 1 })
  })
})

describe('the limit of endpoints', () => {
  const toPort = (port: number) => makeAttempt({ endpoint: endpointOf('192.0.2.9', port) })

  test('merges what does not fit into other, and loses none', () => {
    const window = makeWindow([Array.from({ length: 30 }, (_, port) => toPort(port))], { entities: 10 })
    const { rows, total } = groupBy('endpoint', window)
    expect(rows).toHaveLength(11)
    expect(rows.find(({ isOther }) => isOther)).toMatchObject({ label: 'other', attempts: 20 })
    expect(total.attempts).toBe(30)
    expect(groupBy('comm', window).rows.some(({ isOther }) => isOther)).toBe(false)
  })

  test('has room again for new endpoints when old ones have left the window', () => {
    const window = makeWindow([Array.from({ length: 10 }, (_, port) => toPort(port))], { entities: 10 })
    window.advance(90e9)
    for (let port = 100; port < 110; port++) window.add(toPort(port))
    window.advance(91e9)
    const { rows } = groupBy('endpoint', window)
    expect(rows.map(({ label }) => label).toSorted()).toEqual(
      Array.from({ length: 10 }, (_, i) => `192.0.2.9:${100 + i}`).toSorted(),
    )
  })

  test('keeps the endpoints of pending attempts', () => {
    const window = makeWindow([[toPort(1)]], { entities: 2 })
    window.setPending([{ process: processOf('curl'), endpoint: endpointOf('192.0.2.9', 2), dnsName: null }])
    window.advance(90e9)
    window.add(toPort(3))
    window.advance(91e9)
    const { rows } = groupBy('endpoint', window)
    expect(rows.map(({ label, attempts, pending }) => [label, attempts, pending]).toSorted()).toEqual([
      ['192.0.2.9:2', 0, 1],
      ['192.0.2.9:3', 1, 0],
    ])
  })
})

describe('a frozen window', () => {
  test('does not change when attempts follow, and its names stay', () => {
    const window = makeWindow([many(3)], { attempts: 64, entities: 1 })
    const frozen = window.freeze()
    window.advance(100e9)
    for (let i = 0; i < 200; i++) window.add(makeAttempt({ endpoint: endpointOf('198.51.100.1', i) }))
    window.advance(101e9)
    const { rows } = groupBy('endpoint', { view: () => frozen })
    expect(rows.map(({ label, attempts }) => [label, attempts])).toEqual([['192.0.2.1:443', 3]])
    window.thaw()
    window.add(makeAttempt({ endpoint: endpointOf('198.51.100.1', 9) }))
    window.advance(102e9)
    expect(window.view().totals.attempts).toBe(204)
  })
})
