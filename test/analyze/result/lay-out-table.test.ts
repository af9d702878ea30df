import { describe, expect, test } from 'vitest'
import { layOutTable } from '../../../src/analyze/result/lay-out-table.js'
import type { Column, Result, Row } from '../../../src/analyze/result/result.js'

const resultOf = (columns: readonly Column[], ...rows: readonly Row[]): Result => {
  return { columns, rows, hiddenRows: 0, notes: [] }
}
const texts = (result: Result, width: number) => {
  const { columns } = layOutTable(result, width)
  return result.rows.map((row) => columns.map((column) => column.textOf(row)))
}
const headings = (result: Result, width: number) => layOutTable(result, width).columns.map(({ heading }) => heading)

describe('columns', () => {
  const column = (heading: string, leaveOut?: number): Column => {
    return { name: heading.toLowerCase(), heading, kind: 'count', ...(leaveOut === undefined ? {} : { leaveOut }) }
  }
  const result = resultOf(
    [column('A'), column('B', 2), column('C', 1), column('D', 2), column('E')],
    [1000, 1000, 1000, 1000, 1000],
  )

  test.each([
    [33, 'A B C D E'],
    [32, 'A B D E'],
    [25, 'A E'],
    [11, 'A'],
    [1, 'A'],
  ])('at %d: %s', (width, kept) => {
    expect(headings(result, width).join(' ')).toBe(kept)
  })

  test('that are dropped are listed', () => {
    expect(layOutTable(result, 20).notes).toEqual(['not shown at this width: B, C, D'])
    expect(layOutTable(result, Infinity).notes).toEqual([])
  })
})

describe('times', () => {
  const TIME: Column = { name: 'at_ns', heading: 'AT', kind: 'time' }
  const OTHER: Column = { name: 'to_ns', heading: 'TO', kind: 'time' }
  const at = (text: string) => BigInt(Date.parse(text)) * 1_000_000n

  test('of one day are shortened if the table is too wide', () => {
    const result = resultOf([TIME, OTHER], [at('2026-01-31T00:00:00Z') + 1n, at('2026-01-31T23:59:59Z')], [null, null])
    expect(texts(result, 30)).toEqual([
      ['00:00:00.000Z', '23:59:59Z'],
      ['-', '-'],
    ])
    expect(layOutTable(result, 30).notes).toEqual(['times are of 2026-01-31, in UTC'])
    expect(texts(result, 80)[0]).toEqual(['2026-01-31 00:00:00.000Z', '2026-01-31 23:59:59Z'])
  })

  test.each([
    ['of two days', [at('2026-01-31T00:00:00Z'), at('2026-02-01T00:00:00Z')]],
    ['that no calendar has', [10n ** 30n, 10n ** 30n]],
  ])('%s keep it', (_, row) => {
    const result = resultOf([TIME, OTHER], row)
    expect(texts(result, 30)).toEqual([[expect.stringMatching(/^2026-01-31 00:00:00Z$|^10{30}$/)]])
    expect(layOutTable(result, 30).notes).toEqual(['not shown at this width: TO'])
  })
})

test('texts are cut to their minimum before columns are dropped', () => {
  const columns: Column[] = [
    { name: 'a', heading: 'A', kind: 'text', minWidth: 15 },
    { name: 'b', heading: 'B', kind: 'text' },
  ]
  const result = resultOf(columns, ['x'.repeat(30), 'y'.repeat(30)])
  const widths = (width: number) => layOutTable(result, width).columns.map((column) => column.width)
  expect(widths(62)).toEqual([30, 30])
  expect(widths(29)).toEqual([15, 12])
  expect(widths(28)).toEqual([28])
})
