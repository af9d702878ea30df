import { expect, test } from 'vitest'
import { createAddressOwners } from '../../../src/record/containers/address-owners.js'
import { createReportSilence } from '../../../src/record/containers/report-silence.js'

const [A, B] = ['10.22.0.5', '10.22.0.6']
const SECOND_NS = 1_000_000_000n

function createScene() {
  const owners = createAddressOwners()
  const silence = createReportSilence(owners)
  const report = (seconds: number, owned: readonly [string, string][] = [], freed: readonly string[] = []) => {
    const atNs = BigInt(seconds) * SECOND_NS
    silence.heard()
    owners.take({
      checkedNs: String(atNs),
      sinceNs: String(atNs + 1000n),
      owned: owned.map(([address, key]) => [address, key, `/${key}`] as const),
      freed,
    })
  }
  const keyAt = (address: string, seconds: number) =>
    owners.find(address, BigInt(seconds * 1000) * 1_000_000n)?.key ?? null
  const ends = () => [...owners.spans()].map(({ address, untilNs }) => [address, untilNs])
  const tick = (count: number) => {
    for (let i = 0; i < count; i++) silence.tick()
  }
  return { owners, silence, report, keyAt, ends, tick }
}

test('an address counts as of its container for 5 s after it was checked last (GAP-101)', () => {
  const { report, keyAt } = createScene()
  report(1, [[A, 'one']])
  report(10)
  expect([0, 1, 9, 15, 16].map((seconds) => keyAt(A, seconds))).toEqual([null, null, 'one', 'one', null])
  report(17)
  expect(keyAt(A, 16)).toBe('one')
})

test('spans end at the last check if five checks are missed, which is reported once, and go on if the reader answers again (GAP-101)', () => {
  const { silence, report, keyAt, ends, tick } = createScene()
  report(1, [
    [A, 'one'],
    [B, 'two'],
  ])
  report(3)
  tick(4)
  report(7)
  tick(4)
  expect([silence.was, ends()]).toEqual([
    false,
    [
      [A, null],
      [B, null],
    ],
  ])
  tick(3)
  expect([silence.was, ends(), keyAt(A, 8)]).toEqual([
    true,
    [
      [A, 7n * SECOND_NS],
      [B, 7n * SECOND_NS],
    ],
    null,
  ])
  report(30, [], [B])
  expect(ends()).toEqual([
    [B, 7n * SECOND_NS],
    [A, null],
  ])
  expect([keyAt(A, 20), keyAt(B, 20)]).toEqual(['one', null])
})

test('no report is missed as long as no address is known: an idle host has none', () => {
  const { silence, report, tick } = createScene()
  tick(10)
  report(1, [[A, 'one']])
  report(2, [], [A])
  tick(10)
  expect(silence.was).toBe(false)
})

test('an address that was reported once is known at that moment only', () => {
  const { owners, report, keyAt } = createScene()
  report(1, [[A, 'one']])
  report(2, [], [A])
  expect([...owners.spans()].map(({ sinceNs, untilNs }) => [sinceNs, untilNs])).toEqual([
    [SECOND_NS + 1000n, SECOND_NS + 1000n],
  ])
  expect(keyAt(A, 1.5)).toBeNull()
})

test('the spans that ended last are kept, 4,096 of them', () => {
  const { owners, report } = createScene()
  for (let i = 0; i < 5000; i++) report(i, [[A, `key ${i}`]])
  report(5000, [[B, 'two']], [A])
  expect([[...owners.spans()].length, owners.spansOf(A).length, owners.spansOf(A)[0]?.key]).toEqual([
    4097,
    4096,
    'key 904',
  ])
  for (let i = 5001; i < 10_000; i++) report(i, [[B, `key ${i}`]])
  expect(owners.spansOf(A)).toEqual([])
})
