import { expect, test } from 'vitest'
import { renderSparklines, type Sparkline } from '../../../src/analyze/charts/render-sparklines.js'
import { formatDuration } from '../../../src/text/format-duration.js'
import { formatCount } from '../../../src/text/format-number.js'

const ENDS = ['2026-01-31 10:00:00Z', '2026-01-31 10:59:00Z'] as const

function makeLines(length: number): Sparkline[] {
  const values = Array.from({ length }, (_, i) => i)
  return [
    { label: 'attempts', values: values.map((i) => 1000 + Math.round(900 * Math.sin(i / 5))), format: formatCount },
    { label: 'failed', values: values.map((i) => (i % 10 === 0 ? 3 : 0)), format: formatCount },
    { label: 'p50', values: values.map((i) => (i > 20 && i < 25 ? null : 1e6 + i * 1e5)), format: formatDuration },
    { label: 'none', values: values.map(() => null), format: formatCount },
  ]
}

test('lines 80 columns wide', () => {
  expect(renderSparklines(makeLines(60), ENDS, 80).join('\n')).toMatchInlineSnapshot(`
    "attempts  ▅▅▆▇▇███████▇▇▆▅▄▄▃▂▁▁▁▁▁▁▂▂▃▄▄▅▆▇▇██████▇▇▆▆▅▄▃▃▂▂▁▁▁▁▁▂  max 1,900
    failed    █         █        █         █        █         █          max 3
    p50       ▂▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▄▄▄▄    ▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇████████  max 6.90 ms
    none                                                                 none
              2026-01-31 10:00:00Z                 2026-01-31 10:59:00Z"
  `)
})

test('lines 120 columns wide', () => {
  expect(renderSparklines(makeLines(60), ENDS, 120).join('\n')).toMatchInlineSnapshot(`
    "attempts  ▅▅▅▅▆▇▇▇▇███████████▇▇▇▆▆▅▄▄▄▄▃▂▂▂▁▁▁▁▁▁▁▁▁▁▂▂▂▃▃▄▄▄▅▅▆▇▇▇▇███████████▇▇▇▆▆▆▅▅▄▄▃▃▃▂▂▂▁▁▁▁▁▁▁▁▂▂▂  max 1,900
    failed    ██               █               █               ██              ██              ██                max 3
    p50       ▂▂▂▂▂▂▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▃▃▃▃▃▄▄▄▄▄▄▄▄       ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇██████████████  max 6.90 ms
    none                                                                                                         none
              2026-01-31 10:00:00Z                                                         2026-01-31 10:59:00Z"
  `)
})

test('a character shows the highest of its values', () => {
  const values = Array.from({ length: 10_000 }, (_, i) => (i === 5000 ? 1 : 0))
  const [line] = renderSparklines([{ label: 'x', values, format: String }], ENDS, 60)
  expect(line!.match(/[▁-█]/g)).toEqual(['█'])
})

test('a single value fills the line, and the smallest value is visible', () => {
  expect(renderSparklines([{ label: 'x', values: [7], format: String }], ['a', 'b'], 20)).toEqual([
    'x  ██████████  max 7',
    '   a        b',
  ])
  expect(renderSparklines([{ label: 'x', values: [1, 1e9, 0], format: () => 'y' }], ['a', 'b'], 13)[0]).toBe(
    'x  ▁█   max y',
  )
})

test.each([1, 10, 30, 50, 200])('no line exceeds %d columns', (width) => {
  for (const length of [1, 59, 1000]) {
    for (const line of renderSparklines(makeLines(length), ENDS, width)) expect(line.length).toBeLessThanOrEqual(width)
  }
})

test('no values', () => {
  expect(renderSparklines([], ENDS, 80)).toEqual([])
  expect(renderSparklines(makeLines(0), ENDS, 80)).toEqual([])
})
