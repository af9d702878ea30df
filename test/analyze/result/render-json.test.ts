import { expect, test } from 'vitest'
import { renderJson } from '../../../src/analyze/result/render-json.js'
import type { Result } from '../../../src/analyze/result/result.js'

const RESULT: Result = {
  columns: [
    { name: 'remote_address', heading: 'ADDRESS', kind: 'text' },
    { name: 'remote_port', heading: 'PORT', kind: 'text' },
    { name: 'p50_ns', heading: 'P50', kind: 'duration' },
  ],
  rows: [
    ['192.0.2.7', 443, 123_456],
    ['\x1b[31m"\n\\', 1, null],
  ],
  notes: ['not for machines'],
}

test('is an array of objects with raw values, keyed by the columns’ names', () => {
  expect(JSON.parse(renderJson(RESULT).join('\n'))).toEqual([
    { remote_address: '192.0.2.7', remote_port: 443, p50_ns: 123_456 },
    { remote_address: '\x1b[31m"\n\\', remote_port: 1, p50_ns: null },
  ])
})

test('has a row a line, in the order of the columns, and no control character', () => {
  const text = renderJson(RESULT).join('\n')
  expect(text.split('\n')[0]).toBe('[{"remote_address":"192.0.2.7","remote_port":443,"p50_ns":123456},')
  expect(text.split('\n')).toHaveLength(2)
  expect(text).not.toContain('\x1b')
})

test('is an empty array without rows', () => {
  expect(JSON.parse(renderJson({ ...RESULT, rows: [] }).join('\n'))).toEqual([])
})
