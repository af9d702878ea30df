import { expect, test } from 'vitest'
import { createConnectView } from '../../src/view/render-view.js'
import { parseViewOptions } from '../../src/view/view-options.js'
import { makeRow } from './make-row.js'

const cellsOf = (line: string) => line.trim().split(/\s+/)

test('--nat shows the translated destination and the address passed to connect(2), with their ports', () => {
  const view = createConnectView(parseViewOptions({ nat: true }))
  expect(cellsOf(view.header.join(' ')).slice(-2)).toEqual(['NAT', 'SERVICE'])
  const translated = makeRow({ natAddress: '10.244.1.7', natPort: 6379 })
  expect(cellsOf(view.line(translated)).slice(-2)).toEqual(['10.244.1.7:6379', '-'])
  const asked = makeRow({ serviceAddress: 'fd96::10', servicePort: 443 })
  expect(cellsOf(view.line(asked)).slice(-2)).toEqual(['-', '[fd96::10]:443'])
})

test('without --nat these columns are missing, and --count refuses --nat', () => {
  const view = createConnectView(parseViewOptions({ wide: true }))
  expect(view.header.join(' ')).not.toMatch(/NAT|SERVICE/)
  expect(() => parseViewOptions({ nat: true, count: true })).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
})
