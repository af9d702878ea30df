import { expect, test } from 'vitest'
import { findTitledIds } from './titled-ids.js'

test.each([
  ["test('a gap (GAP-01)', () => {})", ['GAP-01']],
  ["test('a gap and a claim (GAP-01, SEC-01)', { timeout: 1_200_000 }, () => {})", ['GAP-01']],
  ['test("another program\'s (GAP-01)", () => {})', ['GAP-01']],
  ["test.each([1])(\n  'a gap (GAP-01, GAP-02)',\n  () => {},\n)", ['GAP-01', 'GAP-02']],
  ["test.each<[string]>([['x']])('a gap (GAP-01)', () => {})", ['GAP-01']],
  ["test.for(['x'])('a gap (GAP-01)', () => {})", ['GAP-01']],
  ["  {\n    name: 'a check of a kernel (GAP-01)',\n    run() {}\n  }", ['GAP-01']],
  ["check 'a check of an engine (GAP-01)' program", ['GAP-01']],
  ["describe('all', () => {\n  test('a gap (GAP-01)', () => {})\n})", ['GAP-01']],
  ["test('GAP-01 at the beginning', () => {})", []],
  ["test('a claim (SEC-01)', () => {})", []],
  ["test('another', () => note('a gap (GAP-01)'))", []],
  ["test.each(['a gap (GAP-01)'])('another', () => {})", []],
  ["note('a gap (GAP-01)')", []],
  ['// GAP-01', []],
  ["describe('gaps (GAP-01)', () => {})", []],
  ["test.skip('a gap (GAP-01)', () => {})", []],
  ["test.todo('a gap (GAP-01)', () => {})", []],
  ["test.skip.each([1])('a gap (GAP-01)', () => {})", []],
  ["describe.skip('all', () => {\n  test('a gap (GAP-01)', () => {})\n})", []],
  ["test('a gap (GAP-01)', () => {})\ntest.only('another', () => {})", []],
  ['', []],
])('%j has the ids %j in its titles', (source, ids) => {
  expect(findTitledIds(source, 'GAP')).toEqual(ids)
})
