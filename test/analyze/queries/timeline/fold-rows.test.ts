import { expect, test } from 'vitest'
import { foldRows } from '../../../../src/analyze/queries/timeline/fold-rows.js'

const fold = (counts: readonly number[]) =>
  foldRows(
    counts.map((count) => [count]),
    (position) => counts[position] === 0,
    'empty ones',
  ).map((row) => (typeof row === 'string' ? row : row[0]))
const zeros = (count: number) => Array.from({ length: count }, () => 0)

test.each([
  ['short runs remain', [1, ...zeros(9), 2], [1, ...zeros(9), 2]],
  ['long runs become one line', [1, ...zeros(10), 2, ...zeros(1234)], [1, '… 10 empty ones', 2, '… 1,234 empty ones']],
  ['a long run at the beginning becomes one line', [...zeros(11), 3], ['… 11 empty ones', 3]],
  ['no rows give no lines', [], []],
])('%s', (_, counts, folded) => {
  expect(fold(counts)).toEqual(folded)
})
