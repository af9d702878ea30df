import { describe, expect, test } from 'vitest'
import { renderTable } from '../../../src/analyze/result/render-table.js'
import type { View } from '../../../src/analyze/result/format.js'
import type { Column, Result } from '../../../src/analyze/result/result.js'
import { choosePaint } from '../../../src/text/paint.js'
import { textWidth } from '../../../src/text/text-width.js'
import { PLAIN_VIEW, SAMPLE } from './sample-result.js'

const COLOURED = choosePaint(true, { TERM: 'xterm' })

const render = (result: Result, view: Partial<View> = {}) => [...renderTable(result, { ...PLAIN_VIEW, ...view })]

/** A table of one text column. */
const textTable = (text: string, width = Infinity) =>
  render({ columns: [{ name: 'a', heading: 'A', kind: 'text' }], rows: [[text]], hiddenRows: 0, notes: [] }, { width })

describe('every kind of column', () => {
  test.each([80, 120, Infinity])('at a width of %d', (width) => {
    expect(render(SAMPLE, { width }).join('\n')).toMatchSnapshot()
  })

  test('fits every width, by the cells of a terminal, notes and loss too', () => {
    const view = {
      loss: ['LOST 5 attempts: 5 ring full'],
      cover: [`/a/${'long/'.repeat(30)}path.db session 1: complete`],
    }
    for (let width = 10; width <= 200; width++) {
      for (const line of render(SAMPLE, { ...view, width })) expect(textWidth(line)).toBeLessThanOrEqual(width)
    }
  })

  test('is dropped if the table is too wide, and listed below', () => {
    const columns = SAMPLE.columns.map((column) => (column.name === 'rate' ? { ...column, leaveOut: 1 } : column))
    const lines = render({ ...SAMPLE, columns }, { width: 60 })
    expect(lines[0]).toMatch(/^ADDRESS +PORT +FIRST SEEN +ATTEMPTS$/)
    expect(lines).toContain('not shown at this width: RATE, FAILED%, P50, FACTOR, EXE')
    expect(render({ ...SAMPLE, columns }).join('')).not.toContain('not shown')
  })

  test('is left out if it is hidden', () => {
    expect(render(SAMPLE)[0]).not.toContain('PID')
  })
})

describe('around the table', () => {
  const view: Partial<View> = { loss: ['LOST 5 attempts'], cover: ['session 1: complete'] }

  test('losses are first, notes last', () => {
    const lines = render({ ...SAMPLE, chart: () => ['█▄▁'] }, view)
    expect(lines.slice(0, 2)).toEqual(['LOST 5 attempts', '█▄▁'])
    expect(lines.slice(-3)).toEqual([
      '… and 1,980 more rows (--limit N shows more)',
      'latency covers established attempts',
      'session 1: complete',
    ])
  })

  test('the note about omitted rows has a singular, and is missing without omitted rows', () => {
    expect(render({ ...SAMPLE, hiddenRows: 1 }).at(-2)).toBe('… and 1 more row (--limit N shows more)')
    expect(render({ ...SAMPLE, hiddenRows: 0 })).toHaveLength(7)
  })

  test('a chart is as wide as the terminal, or 80 columns', () => {
    const chart = (width: number) => [`${width} columns`]
    expect(render({ ...SAMPLE, chart }, { width: 99 })[0]).toBe('99 columns')
    expect(render({ ...SAMPLE, chart })[0]).toBe('80 columns')
  })

  test('a chart that replaces the table has no table', () => {
    expect(render({ ...SAMPLE, chart: () => ['chart'], isChartOnly: true })).toEqual(['chart', ...SAMPLE.notes])
  })

  test('an empty result has a text instead of headings and a chart', () => {
    const empty = { ...SAMPLE, rows: [], hiddenRows: 0, chart: () => ['chart'] }
    expect(render(empty, view)).toEqual([
      'LOST 5 attempts',
      'no attempts match',
      'latency covers established attempts',
      'session 1: complete',
    ])
    expect(render({ ...empty, whenEmpty: 'nothing changed' })[0]).toBe('nothing changed')
  })
})

describe('colours', () => {
  test('mark only losses, headings, failures above 0 and notes', () => {
    const lines = render(SAMPLE, { paint: COLOURED, loss: ['LOST 5 attempts'] })
    expect(lines[0]).toBe('\x1b[1;31mLOST 5 attempts\x1b[0m')
    expect(lines[1]).toMatch(/^\x1b\[1mADDRESS.*EXE\x1b\[0m$/)
    expect(lines.slice(2, 7).map((line) => line.match(/\x1b\[31m[^\x1b]+\x1b\[0m/g))).toEqual([
      ['\x1b[31m   0.0%\x1b[0m'],
      ['\x1b[31m 100.0%\x1b[0m'],
      null,
      null,
      ['\x1b[31m  33.3%\x1b[0m'],
    ])
    expect(lines.at(-1)).toBe('\x1b[2mlatency covers established attempts\x1b[0m')
  })

  test('change nothing else: without colors the table is the same', () => {
    const coloured = render(SAMPLE, { paint: COLOURED, width: 120 }).join('\n')
    expect(coloured.replaceAll(/\x1b\[[\d;]*m/g, '')).toBe(render(SAMPLE, { width: 120 }).join('\n'))
  })
})

describe('texts of strangers', () => {
  const HOSTILE = '\x1b[2J\x1b]0;title\x07\n\u009b31m\u202e'

  test('contain no control characters and no line ends', () => {
    const lines = textTable(HOSTILE)
    expect(lines).toHaveLength(2)
    expect(lines[1]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  })

  test('are escaped in every position', () => {
    const column: Column = { name: 'a', heading: HOSTILE, kind: 'count' }
    const result = { columns: [column], rows: [[HOSTILE]], hiddenRows: 0, notes: [HOSTILE], chart: () => [HOSTILE] }
    const lines = render(result, { loss: [HOSTILE], cover: [HOSTILE] })
    expect(lines).toHaveLength(6)
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(render({ ...result, rows: [], whenEmpty: HOSTILE })[0]).not.toContain('\x1b')
  })

  test('are not cut inside of a character', () => {
    const [, line = ''] = textTable(`${'x'.repeat(10)}😀${'x'.repeat(10)}`, 12)
    expect(line).toBe(`${'x'.repeat(10)}…`)
  })

  test('have a maximum length', () => {
    const rows = [
      ['x'.repeat(1_000_000), 1],
      ['y', 2],
    ]
    const columns: Column[] = [
      { name: 'a', heading: 'A', kind: 'text' },
      { name: 'b', heading: 'B', kind: 'count' },
    ]
    for (const line of render({ ...SAMPLE, columns, rows })) expect(line.length).toBeLessThan(5000)
  })
})

test('texts keep at least 12 cells while another column can be dropped', () => {
  expect(render(SAMPLE, { width: 20 })[2]).toMatch(/^2001:db8:123…  5432$/)
  expect(render(SAMPLE, { width: 10 })[2]).toBe('2001:db8:…')
})

test('no line ends with spaces', () => {
  for (const line of render(SAMPLE)) expect(line).toBe(line.trimEnd())
})

test('a result of 200,000 rows is printed', () => {
  const rows = Array.from({ length: 200_000 }, () => SAMPLE.rows[0]!)
  expect(render({ ...SAMPLE, rows })).toHaveLength(200_003)
})
