import { describe, expect, test } from 'vitest'
import { paintLine } from '../../../src/top/frame/line.js'
import { KEY_HELP, pressKey } from '../../../src/top/frame/press-key.js'
import { renderFrame, renderOnce, type FrameFacts, type Size } from '../../../src/top/frame/render-frame.js'
import { firstState, type TopState } from '../../../src/top/frame/top-state.js'
import { TOP_DIMENSION_NAMES } from '../../../src/top/window/dimensions.js'
import { TOP_COLUMNS } from '../../../src/top/window/top-columns.js'
import { choosePaint } from '../../../src/text/paint.js'
import { textWidth } from '../../../src/text/text-width.js'
import { HOSTILE_NAMES } from './hostile-names.js'
import { endpointOf, groupBy, makeAttempt, makeWindow, processOf } from '../make-attempt.js'

const PLAIN = choosePaint(false, {})
const FACTS: FrameFacts = { title: 'live', unixNs: 1_750_000_000_000_000_000n, notices: [] }
/** 15:06:40 */
const START_NS = 1_750_000_000e9
const START = firstState(0, false)
const SIZE = { columns: 80, rows: 16 }

const WINDOW = makeWindow([
  Array.from({ length: 40 }, (_, i) => makeAttempt({ endpoint: endpointOf('192.0.2.1', 1000 + (i % 20)) })),
  [makeAttempt({ endpoint: endpointOf('192.0.2.1', 1003), outcome: 'refused', errno: 111, synRetransmits: 1 })],
])

function draw(
  state: Partial<TopState> = {},
  facts: Partial<FrameFacts> = {},
  size: Size = SIZE,
  window = WINDOW,
): string[] {
  const merged = { ...START, ...state }
  const grouped = groupBy(['endpoint', 'user', 'process', 'comm', 'container', 'dns', 'port'][merged.by] ?? '', window)
  const { lines } = renderFrame(grouped, merged, { ...FACTS, ...facts }, size)
  return lines.map((line) => paintLine(line, size.columns, PLAIN))
}

describe('a frame', () => {
  test('has the table below its header, and the keys in the last line', () => {
    const lines = draw()
    expect(lines).toHaveLength(16)
    expect(lines.slice(0, 5)).toEqual([
      'tcpconn top, live, 2025-06-15 15:06:40Z: the last 2 s by endpoint, ATT/S descen…',
      'since the start: 41 attempts, 1 failed',
      expect.stringMatching(/^ ENDPOINT +ATT\/S FAIL\/S {2}FAIL% +P50 +P99 {2}RETR PEND LAST MINUTE$/),
      expect.stringMatching(/^ TOTAL +21 +0.5 +2.4% 1.00 ms 1.00 ms +1 +0 +█$/),
      expect.stringMatching(/^>192.0.2.1:1003 +1.5 +0.5 +33.3% 1.00 ms 1.00 ms +1 +0 +█$/),
    ])
    expect(lines.at(-1)).toContain('q: quit')
  })

  test.each([
    [200, 50],
    [80, 24],
    [79, 10],
    [60, 5],
    [40, 8],
    [20, 3],
    [3, 2],
    [1, 1],
  ])('fits %d columns and %d rows, with every state', (columns, rows) => {
    for (const mode of ['table', 'row', 'help', 'filter'] as const) {
      const lines = draw(
        { mode, selected: '192.0.2.1:1003', filter: '' },
        { notices: ['LOST 5', 'b', 'c', 'd'] },
        { columns, rows },
      )
      expect(lines).toHaveLength(rows)
      for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(columns)
    }
  })

  test('on a narrow terminal leaves the least important columns out, never the name and the rate', () => {
    const headings = (columns: number) => draw({}, {}, { columns, rows: 10 })[2]?.trim().split(/ +/)
    expect(headings(72)?.slice(0, 8)).toEqual('ENDPOINT ATT/S FAIL/S FAIL% P50 P99 RETR PEND'.split(' '))
    expect(headings(50)).toEqual(['ENDPOINT', 'ATT/S', 'FAIL%', 'P99', 'RETR'])
    expect(headings(25)).toEqual(['ENDPOINT', 'ATT/S'])
  })

  test('shows the page of the selected row', () => {
    const rows = draw({ selected: '192.0.2.1:1015' }).filter((line) => line.includes('192.0.2.1'))
    expect(rows.filter((line) => line.startsWith('>'))).toEqual([expect.stringContaining(':1015')])
    expect(rows).toHaveLength(9)
  })

  test('shows losses, three lines at most, and counts the others', () => {
    const lines = draw({}, { notices: ['LOST 5 attempts: ring full', 'b', 'c', 'd'] })
    expect(lines.slice(2, 5)).toEqual(['LOST 5 attempts: ring full', 'b', expect.stringMatching(/^and 2 more lines/)])
  })

  test('says that endpoints were merged, and that the window is short', () => {
    const attempts = Array.from({ length: 40 }, (_, i) => makeAttempt({ endpoint: endpointOf('192.0.2.1', i) }))
    const window = makeWindow([attempts, attempts], { entities: 4, attempts: 64 })
    const text = draw({}, {}, SIZE, window).join('\n')
    expect(text).toMatch(/^\d+ attempts in row other: /m)
    expect(text).toMatch(/^only the last 1 second: /m)
  })

  test('shows the failures and latest attempts of an opened row', () => {
    const text = draw({ mode: 'row', selected: '192.0.2.1:1003' }).join('\n')
    expect(text).toMatch(/^FAILURES\n +COUNT OUTCOME .*\n +1 refused +ECONNREFUSED +\S+Z no process listens/m)
    expect(text).toMatch(/^LATEST ATTEMPTS\nSTARTED .*\n\S+Z 2.00 ms refused +1 100 curl +192.0.2.1:1003 …\n/m)
  })

  test('lists the latest attempts of an opened row by their start, newest first', () => {
    const unixNs = START_NS
    const slow = makeAttempt({ unixNs, latencyNs: 9e9, outcome: 'timed_out', errno: 110 })
    const window = makeWindow([[makeAttempt({ unixNs: unixNs + 5e9 }), slow, makeAttempt({ unixNs: unixNs + 8e9 })]])
    const lines = draw({ mode: 'row', selected: '192.0.2.1:443' }, {}, { columns: 80, rows: 24 }, window)
    const listed = lines.slice(lines.findIndex((line) => line.startsWith('STARTED')) + 1, -1)
    expect(listed.map((line) => line.slice(6, 12).trim()).filter((seconds) => seconds !== '')).toEqual([
      '48.000',
      '45.000',
      '40.000',
    ])
  })

  test.each([
    ['', 'LOST 5 attempts: ring full'],
    [':100', 'LOST 5 attempts: ring full; filter: :100'],
  ])('on few rows a notice takes the place of the totals, with filter %j', (filter, notice) => {
    const size = { columns: 60, rows: 5 }
    const rows = (notices: readonly string[]) => draw({ filter }, { notices }, size)
    expect(rows(['LOST 5 attempts: ring full'])[1]).toBe(notice)
    expect(rows(['LOST 5 attempts: ring full', 'b', 'c'])[1]).toBe(`1 of 3: ${notice}`)
    expect(rows(['a', 'b', 'c']).slice(2)).toEqual(rows([]).slice(2))
    expect(draw({}, { notices: ['a', 'b', 'c'] }, { columns: 60, rows: 11 })[3]).toMatch(/^ TOTAL/)
  })

  test('has the whole help on 80 columns and 20 rows, whatever is lost', () => {
    // The screen leaves the last column empty.
    const lines = draw({ mode: 'help' }, { notices: ['a', 'b', 'c'] }, { columns: 79, rows: 20 })
    expect(lines.join('\n')).not.toContain('…')
    expect(lines).toHaveLength(20)
    for (const [, meaning] of KEY_HELP) expect(lines.join('\n')).toContain(meaning)
    for (const { meaning } of TOP_COLUMNS) expect(lines.join('\n')).toContain(meaning)
  })

  test('numbers the dimensions in the help as the keys do', () => {
    const text = draw({ mode: 'help' }, {}, { columns: 79, rows: 20 }).join('\n')
    TOP_DIMENSION_NAMES.slice(0, 9).forEach((name, i) => {
      expect(text).toContain(` ${i + 1} ${name}`)
      const key = { name: `${i + 1}`, text: `${i + 1}`, isCtrl: false }
      expect(pressKey(START, key, { keys: [], pageRows: 1 }).state.by).toBe(i)
    })
  })

  test('explains every key and every column', () => {
    const text = draw({ mode: 'help' }, {}, { columns: 120, rows: 40 }).join('\n')
    for (const [keys, meaning] of KEY_HELP) expect(text).toContain(`${keys} `.trim() && meaning)
    for (const { heading, meaning } of TOP_COLUMNS)
      expect(text).toMatch(new RegExp(`^${heading.replace('/', '/')} +${meaning}`, 'm'))
  })

  test('is drawn without any attempt', () => {
    expect(draw({}, {}, SIZE, makeWindow([])).join('\n')).toMatch(/^ TOTAL +0 +0 +- +- +- +0 +0/m)
    expect(draw({ mode: 'row', selected: 'gone' }, {}, SIZE).join('\n')).toContain('FAILURES\nnone')
  })
})

describe('hostile names', () => {
  const window = makeWindow([
    HOSTILE_NAMES.map((comm, i) => makeAttempt({ process: processOf(comm, { pid: i + 1 }), dnsName: comm })),
  ])

  test.each([
    ['process', 2],
    ['comm', 3],
    ['dns', 5],
  ])('by %s are inert, and keep the columns aligned (SEC-21)', (_, by) => {
    const size = { columns: 100, rows: 40 }
    const lines = draw({ by }, {}, size, window)
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    const rows = lines.filter((line) => / 1\.0 +0 +0\.0% 1\.00 ms/.test(line))
    expect(rows).toHaveLength(HOSTILE_NAMES.length)
    const ends = rows.map((line) => textWidth(line.slice(0, line.search(/ 1\.0 +0 +0\.0%/))))
    expect(new Set(ends).size).toBe(1)
  })

  test('are inert in an opened row and in a filter', () => {
    for (const [i, comm] of HOSTILE_NAMES.entries()) {
      const lines = draw({ by: 3, mode: 'row', selected: comm }, {}, { columns: 120, rows: 20 }, window)
      const typed = draw({ by: 3, mode: 'filter', filter: comm }, {}, SIZE, window)
      for (const line of [...lines, ...typed]) expect(line, String(i)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
  })
})

test('--once prints every row, as wide as needed', () => {
  const lines = renderOnce(groupBy('endpoint', WINDOW), START, FACTS, Infinity)
  const text = lines.map((line) => paintLine(line, Infinity, PLAIN))
  expect(text.filter((line) => line.startsWith('192.0.2.1:'))).toHaveLength(20)
  expect(text[2]).toMatch(/^ENDPOINT /)
  for (const line of text) expect(line).toBe(line.trimEnd())
})

test('colours are added to whole pieces, and a line is cut before', () => {
  const paint = choosePaint(true, { TERM: 'xterm' })
  const line = [{ text: 'abc' }, { text: 'defg', style: 'failure' as const }, { text: 'hi' }]
  expect(paintLine(line, 5, paint)).toBe('abc\x1b[31md…\x1b[0m')
  expect(paintLine(line, 5, choosePaint(true, { NO_COLOR: '1' }))).toBe('abcd…')
})
