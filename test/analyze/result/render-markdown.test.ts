import { describe, expect, test } from 'vitest'
import { renderMarkdown } from '../../../src/analyze/result/render-markdown.js'
import { textWidth } from '../../../src/text/text-width.js'
import { PLAIN_VIEW, SAMPLE } from './sample-result.js'
import { renderTable } from '../../../src/analyze/result/render-table.js'

const LINES = [...renderMarkdown(SAMPLE)]

/** Cells as GitHub divides a line (https://github.github.com/gfm/#tables-extension-), escapes undone. */
function splitCells(line: string): string[] {
  const cells = line.split(/(?<=(?:^|[^\\])(?:\\\\)*)\|/)
  expect([cells[0], cells.at(-1)]).toEqual(['', ''])
  return cells.slice(1, -1).map((cell) => cell.trim().replace(/\\([!-/:-@[-`{-~])/g, '$1'))
}

test('is a table', () => {
  expect(LINES.join('\n')).toMatchSnapshot()
})

test('has the texts of the table on a terminal, without padding', () => {
  const table = [...renderTable({ ...SAMPLE, notes: [], hiddenRows: 0 }, PLAIN_VIEW)]
  for (const [i, line] of [LINES[0]!, ...LINES.slice(2)].entries()) {
    expect(splitCells(line).join('').replaceAll(' ', '')).toBe(table[i]!.replaceAll(' ', ''))
  }
})

test('has the same number of aligned cells in every line, and sets their alignment', () => {
  const shown = SAMPLE.columns.filter((column) => !column.isHidden)
  for (const line of LINES) {
    expect(splitCells(line)).toHaveLength(shown.length)
    expect(textWidth(line)).toBe(textWidth(LINES[0]!))
  }
  const sides = splitCells(LINES[1]!).map((dashes) => dashes.endsWith(':'))
  expect(sides).toEqual(shown.map((column) => column.kind !== 'text'))
})

test('has no notes, and only the header without rows', () => {
  expect(LINES).toHaveLength(SAMPLE.rows.length + 2)
  expect([...renderMarkdown({ ...SAMPLE, rows: [] })]).toHaveLength(2)
})

describe('texts of strangers', () => {
  const render = (text: string) => {
    const columns = [{ name: 'a', heading: 'A', kind: 'text' as const }]
    return [...renderMarkdown({ ...SAMPLE, columns, rows: [[text]] })]
  }

  test.each([
    ['a|b', 'a\\|b'],
    ['two\nlines\r\n', 'two\\\\x0alines\\\\x0d\\\\x0a'],
    ['\\|', '\\\\\\\\\\|'],
    ['<img src=x>', '\\<img src=x\\>'],
    ['![x](http://192.0.2.1/)', '!\\[x\\](http://192.0.2.1/)'],
    ['`code` *b* _i_ ~~s~~ $x$ &lt;', '\\`code\\` \\*b\\* \\_i\\_ \\~\\~s\\~\\~ \\$x\\$ \\&lt;'],
    ['\x1b[2J\u202e', '\\\\x1b\\[2J\\\\u{202e}'],
  ])('%j is text', (text, cell) => {
    const [, , row, ...others] = render(text)
    expect(row).toBe(`| ${cell} |`)
    expect(others).toEqual([])
  })
})
