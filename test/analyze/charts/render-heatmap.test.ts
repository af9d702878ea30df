import { expect, test } from 'vitest'
import { renderHeatmap, type Heatmap } from '../../../src/analyze/charts/render-heatmap.js'
import { createRandom } from '../../store/random.js'

/** One slow period, some failures. */
function makeHeatmap(length: number): Heatmap {
  const random = createRandom(1)
  return {
    edges: [100e3, 200e3, 500e3, 1e6, 2e6, 5e6],
    columns: Array.from({ length }, (_, i) => {
      const top = i > 20 && i < 30 ? 4 : 2
      return [0, 1, 2, 3, 4].map((band) => Math.floor(2000 * random() * 8 ** -Math.abs(band - top)))
    }),
    failed: Array.from({ length }, (_, i) => (i % 7 === 0 ? 5 : 0)),
    ends: ['2026-01-31 10:00:00Z', '2026-01-31 10:59:00Z'],
    interval: '1 m',
  }
}

test('80 columns wide', () => {
  expect(renderHeatmap(makeHeatmap(60), 80).join('\n')).toMatchInlineSnapshot(`
    "   2 ms │░░░░░░░░░░░░░░░░░░░░░█▓█▓▓▓█▒█░░ ░░░░░░ ░░░ ░ ░░░░░░░░░░ ░░░
       1 ms │▒▒▒▒▒▒▒▒▒▒▒▒░▒▒▒░▒▒▒▒▒▒▒░▒▒▒░▒▒▒▒▒▒░▒░▒▒▒▒▒▒▒▒▒░▒░▒▒▒▒▒░▒▒▒▒
     500 µs │██▓▒▒▓██▓▒██▒██▒█▓█▒█░ ░░░░░░░████░▒▓▒██▓▓▒█▓█▒▒███▒█▓█▓████
     200 µs │ ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░  ░░░░░ ░▒▒▒▒▒▒▒▒░░░▒▒▒░▒▒▒░▒▒▒▒▒░▒▒░▒▒
     100 µs │░░░░░░░░░░░░░░░░░░░░░         ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
            └────────────────────────────────────────────────────────────
     failed │░      ░      ░      ░      ░      ░      ░      ░      ░
             2026-01-31 10:00:00Z                    2026-01-31 10:59:00Z
             ░ 1  ▒ 32  ▓ 250  █ 998 or more attempts; a column is 1 m"
  `)
})

test('120 columns wide: columns are repeated if there is room', () => {
  expect(renderHeatmap(makeHeatmap(50), 120).join('\n')).toMatchInlineSnapshot(`
    "   2 ms │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░██▓▓██▓▓▓▓▓▓██▒▒██░░░░  ░░░░░░░░░░░░  ░░░░░░  ░░  ░░░░░░░░
       1 ms │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░▒▒▒▒▒▒░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░▒▒▒▒▒▒░░▒▒▒▒▒▒▒▒▒▒▒▒░░▒▒░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░▒▒░░
     500 µs │████▓▓▒▒▒▒▓▓████▓▓▒▒████▒▒████▒▒██▓▓██▒▒██░░  ░░░░░░░░░░░░░░████████░░▒▒▓▓▒▒████▓▓▓▓▒▒██▓▓██▒▒▒▒████
     200 µs │  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░    ░░░░░░░░░░  ░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░▒▒▒▒▒▒░░▒▒▒▒▒▒░░▒▒
     100 µs │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░                  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
            └────────────────────────────────────────────────────────────────────────────────────────────────────
     failed │░░            ░░            ░░            ░░            ░░            ░░            ░░            ░░
             2026-01-31 10:00:00Z                                                            2026-01-31 10:59:00Z
             ░ 1  ▒ 32  ▓ 250  █ 998 or more attempts; a column is 1 m"
  `)
})

test('small counts have the darkest shades that differ', () => {
  const heatmap = { ...makeHeatmap(1), edges: [1, 2], failed: [0, 0, 0], columns: [[1], [2], [4]] }
  const [line, , , , legend] = renderHeatmap(heatmap, 12)
  expect(line).toBe('   1 ns │▓██')
  expect(legend).toBe('         ▓ 1')
  expect(renderHeatmap(heatmap, 80).at(-1)).toBe('         ▓ 1  █ 2 or more attempts; a column is 1 m')
})

test.each([1, 9, 10, 40, 69, 300])('no line exceeds %d columns', (width) => {
  for (const line of renderHeatmap(makeHeatmap(60), width)) expect(line.length).toBeLessThanOrEqual(width)
})

test('an empty heatmap', () => {
  const lines = renderHeatmap({ edges: [], columns: [], failed: [], ends: ['', ''], interval: '1 s' }, 80)
  expect(lines.join('')).not.toMatch(/[▒▓]/)
})
