import type { IdRange } from '../scan/plan-scan.js'

/** Sorted ranges without overlaps. */
export function joinRanges(ranges: readonly IdRange[]): IdRange[] {
  const joined: { first: number; last: number }[] = []
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = joined.at(-1)
    if (previous && first <= previous.last + 1) previous.last = Math.max(previous.last, last)
    else joined.push({ first, last })
  }
  return joined
}

/** Whether joined ranges contain a range. */
export function contains(ranges: readonly IdRange[] | undefined, { first, last }: IdRange): boolean {
  return (ranges ?? []).some((range) => range.first <= first && last <= range.last)
}

/** The parts of joined ranges that others do not contain. */
export function without(ranges: readonly IdRange[], others: readonly IdRange[]): IdRange[] {
  let left = [...ranges]
  for (const other of others) left = left.flatMap((range) => cut(range, other))
  return left
}

function cut(range: IdRange, other: IdRange): IdRange[] {
  if (other.last < range.first || other.first > range.last) return [range]
  return [
    { first: range.first, last: other.first - 1 },
    { first: other.last + 1, last: range.last },
  ].filter(({ first, last }) => first <= last)
}
