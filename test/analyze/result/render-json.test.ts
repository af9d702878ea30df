import { expect, test } from 'vitest'
import { renderJson, renderJsonl } from '../../../src/analyze/result/render-json.js'
import type { Result } from '../../../src/analyze/result/result.js'
import { SAMPLE } from './sample-result.js'

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
  hiddenRows: 3,
  notes: ['not for machines'],
  chart: () => ['not for machines'],
}

const json = (result: Result) => [...renderJson(result)].join('\n')

test('is an array of objects with raw values, keyed by the columns’ names', () => {
  expect(JSON.parse(json(RESULT))).toEqual([
    { remote_address: '192.0.2.7', remote_port: 443, p50_ns: 123_456 },
    { remote_address: '\x1b[31m"\n\\', remote_port: 1, p50_ns: null },
  ])
})

test('has one row per line in the order of the columns, without control characters', () => {
  const text = json(RESULT)
  expect(text.split('\n')[0]).toBe('[{"remote_address":"192.0.2.7","remote_port":443,"p50_ns":123456},')
  expect(text.split('\n')).toHaveLength(2)
  expect(text).not.toContain('\x1b')
})

test('is an empty array without rows', () => {
  expect(JSON.parse(json({ ...RESULT, rows: [] }))).toEqual([])
})

test('has hidden columns, and raw values of every kind', () => {
  const rows = JSON.parse(json(SAMPLE)) as Record<string, unknown>[]
  const names = SAMPLE.columns.map((column) => column.name)
  const asNumber = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value)
  const expected = SAMPLE.rows.map((row) => Object.fromEntries(row.map((value, i) => [names[i], asNumber(value)])))
  expect(rows).toEqual(expected)
  expect(Object.keys(rows[0]!)).toEqual(names)
})

test('has integers beyond 2^53 as exact literals', () => {
  const text = json(SAMPLE)
  expect(text).toContain('"first_seen_ns":1769853605123456789,')
  expect(text).toContain('"pid":1152921504606846976,')
  expect(text).toContain('"pid":-4611686018427387904,')
})

test('keys with a meaning in JavaScript are unchanged', () => {
  const columns = ['b', '1', '__proto__', '"\x1b\u202e'].map((name) => ({
    name,
    heading: name,
    kind: 'number' as const,
  }))
  const text = json({ ...RESULT, columns, rows: [[1, 2, 3, 4]] })
  expect(text).toBe(String.raw`[{"b":1,"1":2,"__proto__":3,"\"\u001b\u202e":4}]`)
})

test('numbers that JSON cannot express are null', () => {
  const columns = ['a', 'b'].map((name) => ({ name, heading: name, kind: 'number' as const }))
  expect(json({ ...RESULT, columns, rows: [[Infinity, Number.NaN]] })).toBe('[{"a":null,"b":null}]')
})

test('JSON lines are the same objects, one per line', () => {
  const lines = [...renderJsonl(SAMPLE)]
  expect(lines).toHaveLength(SAMPLE.rows.length)
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(json(SAMPLE)))
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  expect([...renderJsonl({ ...SAMPLE, rows: [] })]).toEqual([])
})
