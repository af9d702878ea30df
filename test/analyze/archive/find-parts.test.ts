import { describe, expect, test } from 'vitest'
import { findParts, hostsOfParts, ofHosts, ofTime } from '../../../src/analyze/archive/find-parts.js'
import type { Duckdb } from '../../../src/analyze/archive/duckdb.js'
import { fetchParts } from '../../../src/analyze/archive/read-facts.js'
import { partitionDirectory } from '../../../src/analyze/export/parts/partition-directory.js'

const SESSION = '018bcfe5-6840-7abc-8def-0123456789ab'
const NAME = `${SESSION}-1-4500.parquet`
const DAY_NS = 86_400_000_000_000n

describe('files of a data set', () => {
  test('are found by their names, in directories of any order', () => {
    const names = [
      `host=web1/date=2026-01-31/${NAME}`,
      `date=2026-02-01/host=a%2Fb/${SESSION}-7-9-0123456789ab.parquet`,
      NAME,
    ]
    expect(findParts(names)).toEqual([
      { name: names[0], session: SESSION, first: 1, last: 4500, isSelection: false, host: 'web1', date: '2026-01-31' },
      { name: names[1], session: SESSION, first: 7, last: 9, isSelection: true, host: 'a%2Fb', date: '2026-02-01' },
      { name: names[2], session: SESSION, first: 1, last: 4500, isSelection: false, host: null, date: null },
    ])
    expect(hostsOfParts(findParts(names))).toEqual(['a/b', 'web1'])
  })

  test('of sessions without an end are found', () => {
    const names = [`${SESSION}-1-2-unfinished.parquet`, `${SESSION}-1-2-0123456789ab-unfinished.parquet`]
    expect(findParts(names).map(({ first, last, isSelection }) => [first, last, isSelection])).toEqual([
      [1, 2, false],
      [1, 2, true],
    ])
  })

  test.each(['part-0.parquet', `${SESSION}.parquet`, `${SESSION}-1-x.parquet`, `x${NAME}`])('are not %j', (name) => {
    expect(() => findParts([name])).toThrow(expect.objectContaining({ code: 'E_ARCHIVE_FOREIGN' }))
  })

  test('of other hosts are left out, by the name that an export gave their directories', () => {
    const hosts = ['web1', '../x', 'ä'.repeat(300), '']
    const parts = findParts(hosts.map((host) => `${partitionDirectory(['host'], host, 0)}/${NAME}`))
    for (const [i, host] of hosts.entries()) expect(ofHosts(parts, [host])).toEqual([parts[i]])
    expect(ofHosts(parts, [])).toEqual(parts)
    expect(ofHosts(findParts([NAME]), ['any'])).toHaveLength(1)
  })

  test('of other days are left out', () => {
    const parts = findParts(
      ['1970-01-02', '1970-01-03', '__HIVE_DEFAULT_PARTITION__'].map((day) => `date=${day}/${NAME}`),
    )
    const daysOf = (since: bigint | null, until: bigint | null) => ofTime(parts, since, until).map(({ date }) => date)
    expect(daysOf(null, null)).toEqual(['1970-01-02', '1970-01-03', null])
    expect(daysOf(2n * DAY_NS - 1n, null)).toEqual(['1970-01-02', '1970-01-03', null])
    expect(daysOf(2n * DAY_NS, null)).toEqual(['1970-01-03', null])
    expect(daysOf(null, 2n * DAY_NS)).toEqual(['1970-01-02', null])
    expect(daysOf(null, 2n * DAY_NS + 1n)).toEqual(['1970-01-02', '1970-01-03', null])
  })

  test('are copied under numbers, whatever they are called in a bucket (SEC-153)', async () => {
    const parts = findParts([`../../etc/${NAME}`, `host=..%2F/../${NAME}`])
    const copies: string[] = []
    const archive = {
      place: 's3://archive',
      directory: null,
      list: () => Promise.resolve([]),
      fetch: (_: string, copy: string) => Promise.resolve(void copies.push(copy)),
      close() {},
    }
    const duckdb: Duckdb = {
      async *rows() {
        yield [[JSON.stringify({ version: 1, sessions: [makeFacts()] })]]
      },
      close() {},
    }
    await fetchParts(archive, parts, { duckdb, directory: '/tmp/copies' })
    expect(copies).toEqual(['/tmp/copies/0.parquet', '/tmp/copies/1.parquet'])
  })
})

function makeFacts() {
  return {
    host: 'web1',
    session_uuid: SESSION,
    session_id: 1,
    first_attempt_id: 1,
    attempts: 4500,
    min_started_ns: 0,
    max_started_ns: 1,
    written_ns: 2,
    lost: [0, 0, 0, 0, 0],
    is_selection: false,
    clock_offsets: [[0, '1700000000000000000']],
    row: { boot_id: '', started_unix_ns: '1700000000123456789' },
  }
}
