import { describe, expect, test } from 'vitest'
import { renderTable } from '../../../src/analyze/result/render-table.js'
import type { Result } from '../../../src/analyze/result/result.js'

const RESULT: Result = {
  columns: [
    { name: 'remote_address', heading: 'ADDRESS', kind: 'text' },
    { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
    { name: 'failed_percent', heading: 'FAILED%', kind: 'percent' },
    { name: 'p50_ns', heading: 'P50', kind: 'duration' },
    { name: 'comm', heading: 'COMMAND', kind: 'text' },
  ],
  rows: [
    ['192.0.2.7', 1_234_567, 0.04, 123_456, 'curl'],
    ['2001:db8:1234:5678:9abc:def0:1234:5678', 12, 100, null, 'a name that is long'],
    ['::1', 1, 33.333, 45e9, null],
  ],
  notes: ['a footer'],
}

test('numbers stand to the right, units are scaled, nothing is cut without a terminal', () => {
  expect(renderTable(RESULT, Infinity).join('\n')).toMatchInlineSnapshot(`
    "ADDRESS                                  ATTEMPTS  FAILED%     P50  COMMAND
    192.0.2.7                               1,234,567     0.0%  123 µs  curl
    2001:db8:1234:5678:9abc:def0:1234:5678         12   100.0%       -  a name that is long
    ::1                                             1    33.3%  45.0 s  -
    a footer"
  `)
})

test('a terminal of 80 columns cuts the widest text', () => {
  const lines = renderTable(RESULT, 80)
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "ADDRESS                           ATTEMPTS  FAILED%     P50  COMMAND
    192.0.2.7                        1,234,567     0.0%  123 µs  curl
    2001:db8:1234:5678:9abc:def0:1…         12   100.0%       -  a name that is long
    ::1                                      1    33.3%  45.0 s  -
    a footer"
  `)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
})

test('texts keep 12 columns, however narrow the terminal', () => {
  const [, , second] = renderTable(RESULT, 10)
  expect(second).toMatch(/^2001:db8:12… /)
})

test('no line ends in blanks, and an empty result is its heading and its notes', () => {
  for (const line of renderTable(RESULT, Infinity)) expect(line).toBe(line.trimEnd())
  expect(renderTable({ ...RESULT, rows: [] }, 80)).toEqual(['ADDRESS  ATTEMPTS  FAILED%  P50  COMMAND', 'a footer'])
})

describe('texts of strangers', () => {
  const textTable = (text: string, width = Infinity) =>
    renderTable({ columns: [{ name: 'a', heading: 'A', kind: 'text' }], rows: [[text]], notes: [] }, width)

  test('cannot steer the terminal, and stay in their line', () => {
    const lines = textTable('\x1b[2J\x1b]0;title\x07\n\u009b31m\u202e')
    expect(lines).toHaveLength(2)
    expect(lines[1]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  })

  test('are not cut in the middle of a character', () => {
    const [, line = ''] = textTable(`${'x'.repeat(10)}😀${'x'.repeat(10)}`, 12)
    expect(line).not.toMatch(/\p{Cs}/u)
  })
})

test('a result of 200,000 rows is printed like any other', () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => ['192.0.2.7', i, 0, i, 'curl'])
  expect(renderTable({ ...RESULT, rows }, 80)).toHaveLength(200_002)
})
