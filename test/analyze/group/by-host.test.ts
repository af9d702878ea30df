import { describe, expect, test } from 'vitest'
import { byProcess } from '../../../src/analyze/queries/by-process.js'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { churn } from '../../../src/analyze/queries/churn/churn.js'
import { latency } from '../../../src/analyze/queries/latency/latency.js'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { topEndpoints } from '../../../src/analyze/queries/top-endpoints/top-endpoints.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { renderTable } from '../../../src/analyze/result/render-table.js'
import { textWidth } from '../../../src/text/text-width.js'
import { PLAIN_VIEW } from '../result/sample-result.js'
import { rowObjects, runQuery, type RowObject } from '../query-rows.js'
import { makeOtherHost, makeTwoSessions } from '../scope-cases.js'
import type { SampleTrace } from '../sample-trace.js'

const CASES: readonly RawScope[] = [{}, { session: 'all', exact: true }, { session: 'all', port: ['443'] }]

/**
 * Queries with `--by host`, but not `latency`, where a host is a group of its own, and `dns`, which needs lookups:
 * `test/analyze/queries/dns` has its hosts.
 */
const BY_HOST = CATALOGUE.filter(
  ({ name, options = [] }) =>
    !['latency', 'dns'].includes(name) &&
    options.some(({ flags, words = [] }) => flags.startsWith('--by ') && words.includes('host')),
)
/** Their rows are those of processes, each of one host, whatever `--by` is. */
const OF_ONE_HOST = ['by-process', 'churn']

/** Two hosts with the same processes and endpoints. */
const makeHosts = () => [makeTwoSessions(20), makeOtherHost(20)] as const

const hostOf = ({ db }: SampleTrace) => db.prepare('SELECT host FROM session').pluck().get() as string

/** In an order that says nothing. */
const asTexts = (rows: readonly RowObject[]) =>
  rows.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))).toSorted()

describe.each<[StoredQuery, string | undefined]>([
  ...BY_HOST.map((query): [StoredQuery, string] => [query, 'host']),
  [topEndpoints, 'host,dns'],
  [byProcess, undefined],
  [byProcess, 'host,comm'],
  [churn, undefined],
  [latency, 'process'],
])('$name of two files --by %s', ({ ...query }, by) => {
  const apart = by?.replace(/^host,?/, '') || undefined

  test.each([80, 120])('fits %d columns', (width) => {
    const result = runQuery(
      query,
      makeHosts().map(({ file }) => file),
      {},
      { values: { by } },
    )
    for (const line of renderTable(result, { ...PLAIN_VIEW, width })) expect(textWidth(line)).toBeLessThanOrEqual(width)
  })

  test.each(CASES)('has the rows of each file, with its host: %j', (raw) => {
    const traces = makeHosts()
    const together = runQuery(
      query,
      traces.map(({ file }) => file),
      raw,
      { values: { by } },
    )
    expect(together.columns[0]).toMatchObject({ name: 'host', heading: 'HOST' })
    const expected = traces.flatMap((trace) =>
      rowObjects(runQuery(query, [trace.file], raw, { values: { by: apart } })).map((row) => ({
        host: hostOf(trace),
        ...row,
      })),
    )
    expect(expected.length).toBeGreaterThan(1)
    const shares = (rows: readonly RowObject[]) => rows.map(({ share_percent: _, ...row }) => row)
    expect(asTexts(shares(rowObjects(together)))).toEqual(asTexts(shares(expected)))
  })
})

test.each(BY_HOST.filter(({ name }) => !OF_ONE_HOST.includes(name)))('$name reports that it merges hosts', (query) => {
  const files = makeHosts().map(({ file }) => file)
  const note = '2 hosts together; --by host keeps them apart'
  expect(runQuery(query, files).notes).toContain(note)
  expect(runQuery(query, files, {}, { values: { by: 'host' } }).notes).not.toContain(note)
  expect(runQuery(query, files.slice(0, 1)).notes).not.toContain(note)
})

test('by-process reports merged hosts for groups of several hosts, and not for processes', () => {
  const files = makeHosts().map(({ file }) => file)
  const notesBy = (by: string) => runQuery(byProcess, files, {}, { values: { by } }).notes.join('\n')
  expect(notesBy('comm')).toContain('2 hosts together')
  expect(notesBy('container')).toContain('2 hosts together')
  for (const by of ['process', 'host', 'host,comm']) expect(notesBy(by)).not.toContain('hosts together')
})
