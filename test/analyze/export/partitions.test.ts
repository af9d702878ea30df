import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { exportTrace, type ExportOptions } from '../../../src/analyze/export/export-trace.js'
import { partitionDirectory } from '../../../src/analyze/export/parts/partition-directory.js'
import { skipUnless } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { COLUMN_NAMES, makeHardTrace, viewRows } from './hard-trace.js'
import { queryDuckdb } from '../../engines/duckdb.js'

const HOSTS = ['../../etc', 'a/b=c %41\n\x1b"\u{1f986}']
const PART_NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+-\d+(-unfinished)?\.parquet$/
const STARTED = COLUMN_NAMES.indexOf('started_ns')

async function exportParts(files: readonly string[], partition: string): Promise<string> {
  const output = join(makeTemporaryDirectory(), 'set')
  await exportTrace(files, { format: 'parquet', output, partition, session: 'all', quiet: true })
  return output
}

/** Rows of traces with their hosts, sorted by their key. */
function expectedRows(files: readonly string[]): unknown[][] {
  return files.flatMap((file, i) => viewRows(file).map((row) => [HOSTS[i], dateOf(row[STARTED] as bigint), row]))
}

function dateOf(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 10)
}

function countBy(rows: readonly unknown[][], key: (row: readonly unknown[]) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of rows) counts[key(row)] = (counts[key(row)] ?? 0) + 1
  return counts
}

describe('a partitioned export', () => {
  test.each(['host,date', 'date,host'])(
    'by %s has every attempt in the directory of its host and date',
    async (partition) => {
      const files = [makeHardTrace({ host: HOSTS[0]! }), makeHardTrace({ seed: 2, count: 800, host: HOSTS[1]! })]
      const output = await exportParts(files, partition)
      const found = await queryDuckdb(
        `SELECT host, date::VARCHAR, started_ns, latency_ns, comm, strftime(time, '%Y-%m-%d')
       FROM read_parquet('${output}/*/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)`,
      )
      const expected = expectedRows(files)
      expect(found.rows).toHaveLength(expected.length)
      const byFound = countBy(found.rows, ([host, date]) => `${String(host)} ${String(date)}`)
      expect(byFound).toEqual(countBy(expected, ([host, date]) => `${String(host)} ${String(date)}`))
      expect(Object.keys(byFound).length).toBeGreaterThan(4)
      for (const [, date, , , , own] of found.rows) expect(date).toBe(own)
      const sum = (rows: readonly unknown[], at: number) =>
        rows.reduce<bigint>((all, row) => all + (((row as unknown[])[at] as bigint | null) ?? 0n), 0n)
      const rows = expected.map((row) => row[2])
      expect(sum(found.rows, 2)).toBe(sum(rows, STARTED))
      expect(sum(found.rows, 3)).toBe(sum(rows, COLUMN_NAMES.indexOf('latency_ns')))
      for (const name of readdirSync(output)) expect(name).toMatch(/^(host|date)=[\w.%-]+$/)
    },
  )

  test('by date only has the host of several files as a column', async () => {
    const files = [makeHardTrace({ host: HOSTS[0]! }), makeHardTrace({ host: HOSTS[1]! })]
    const output = await exportParts(files, 'date')
    const { rows } = await queryDuckdb(`SELECT DISTINCT host FROM read_parquet('${output}/*/*.parquet')`)
    expect(rows.map(([host]) => host).toSorted()).toEqual(HOSTS.toSorted())
  })

  test('has attempts around midnight in the right directory', async () => {
    const output = await exportParts([makeHardTrace()], 'date')
    const { rows } = await queryDuckdb(
      `SELECT date::VARCHAR, min(started_ns), max(started_ns)
       FROM read_parquet('${output}/*/*.parquet', hive_partitioning = true) GROUP BY date`,
    )
    for (const [date, first, last] of rows as [string, bigint, bigint][]) {
      expect([dateOf(first), dateOf(last)]).toEqual([date, date])
    }
  })

  test('is accessible only to its owner, and leaves no other files', async () => {
    const output = await exportParts([makeHardTrace()], 'date')
    expect(statSync(output).mode & 0o777).toBe(0o700)
    expect(readdirSync(dirname(output))).toEqual([basename(output)])
    for (const day of readdirSync(output)) {
      const names = readdirSync(join(output, day))
      expect(names.length).toBeGreaterThan(0)
      for (const name of names) expect(name).toMatch(PART_NAME)
    }
  })

  test('has unique file names for each session, host and range, and the host in every file', async () => {
    const hosts = ['0042', '0043']
    const files = hosts.map((host) => makeHardTrace({ host }))
    const names: string[] = []
    for (const [i, file] of files.entries()) {
      for (const session of ['1', '2']) {
        const output = join(makeTemporaryDirectory(), 'set')
        await exportTrace([file], { format: 'parquet', output, partition: 'host,date', session, quiet: true })
        const found = await queryDuckdb(
          `SELECT filename, host, session_uuid, min(attempt_id), max(attempt_id)
           FROM read_parquet('${output}/*/*/*.parquet', hive_partitioning = false, filename = true) GROUP BY ALL`,
        )
        for (const [path, host, uuid, first, last] of found.rows) {
          expect(host).toBe(hosts[i])
          // The second session has no end.
          const state = session === '2' ? '-unfinished' : ''
          expect(basename(String(path))).toBe(`${String(uuid)}-${String(first)}-${String(last)}${state}.parquet`)
          names.push(String(path).slice(output.length))
        }
      }
    }
    expect(names.length).toBeGreaterThan(8)
    expect(new Set(names.map((name) => basename(name))).size).toBe(names.length)
  })

  test('has other file names for other filters and times, the same for the same ones, and only ids without filters', async () => {
    const file = makeHardTrace()
    const namesOf = async (options: Partial<ExportOptions>) => {
      const output = join(makeTemporaryDirectory(), 'set')
      await exportTrace([file], { format: 'parquet', output, partition: 'host', session: '1', quiet: true, ...options })
      return readdirSync(join(output, 'host=host'))
    }
    const selections: Partial<ExportOptions>[] = [
      {},
      { ipv4: true },
      { ipv6: true },
      { outcome: ['failed'] },
      { since: '2000-01-01' },
      { until: '2100-01-01' },
      { until: '2023-11-15' },
    ]
    const names = (await Promise.all(selections.map(namesOf))).flat()
    expect(names).toHaveLength(selections.length)
    expect((await Promise.all(selections.map(namesOf))).flat()).toEqual(names)
    expect(names.map((name) => /-\d+-\d+(-[0-9a-f]{12})?\.parquet$/.exec(name)?.[1] !== undefined)).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
      true,
    ])
    expect(new Set(names).size).toBe(names.length)
  })

  test('reports that it is empty', async () => {
    const output = join(makeTemporaryDirectory(), 'set')
    const said: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean(said.push(String(text))))
    await exportTrace([makeHardTrace()], { format: 'parquet', output, partition: 'date', comm: ['nobody'] })
    vi.restoreAllMocks()
    expect(said).toContain(`no attempts match: ${output} is an empty directory\n`)
    expect(readdirSync(output)).toEqual([])
  })

  test('of a host with a very long name works', async () => {
    const output = await exportParts([makeHardTrace({ host: 'ä'.repeat(300) })], 'host')
    expect(readdirSync(output)).toHaveLength(1)
  })

  test('on a full disk is reported with the name on the command line', async (context) => {
    skipUnless(process.getuid?.() === 0, 'mounting a small disk needs root', context)
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=16k', 'none'])
    const output = join(directory, 'set')
    const options = { format: 'parquet', output, partition: 'host,date', session: 'all', quiet: true } as const
    await expect(exportTrace([makeHardTrace()], options)).rejects.toMatchObject({
      code: 'E_DISK_FULL',
      message: `cannot write ${output}: the disk is full`,
    })
    expect(readdirSync(directory)).toEqual([])
  })

  test('does not replace existing files', async () => {
    const output = join(makeTemporaryDirectory(), 'set')
    writeFileSync(output, 'mine')
    const options = { format: 'parquet', output, partition: 'date', quiet: true } as const
    await expect(exportTrace([makeHardTrace()], options)).rejects.toMatchObject({ code: 'E_EXISTS' })
    expect(readdirSync(dirname(output))).toEqual(['set'])
  })

  test.each([
    [{ partition: 'user' }, /host, date, or both/],
    [{ partition: 'host,host' }, /host, date, or both/],
    [{ partition: '' }, /host, date, or both/],
    [{ format: 'csv' }, /parquet, with --partition/],
    [{ output: '-' }, /-o DIRECTORY/],
  ] as const)('is refused with %j', async (wrong, reason) => {
    const options = { format: 'parquet', output: '/nowhere/set', partition: 'date', quiet: true, ...wrong } as const
    await expect(exportTrace([makeHardTrace()], options)).rejects.toMatchObject({
      code: 'E_USAGE',
      reason: expect.stringMatching(reason),
    })
  })
})

describe('a directory of a partition', () => {
  test.each([
    ['web-1.example.org', 'host=web-1.example.org/date=1970-01-02'],
    ['../..', 'host=..%2F../date=1970-01-02'],
    ['', 'host=__HIVE_DEFAULT_PARTITION__/date=1970-01-02'],
    ['a=b%\0ü', 'host=a%3Db%25%00%C3%BC/date=1970-01-02'],
  ])('of host %j', (host, directory) => {
    expect(partitionDirectory(['host', 'date'], host, 1)).toBe(directory)
  })

  test('of a host with an invalid directory name has a shortened, unique name', () => {
    const named = ['ä'.repeat(300), `${'ä'.repeat(299)}x`, 'a'.repeat(250), 'a'.repeat(251)].map((host) =>
      partitionDirectory(['host'], host, 1),
    )
    expect(named[0]).toMatch(/^host=(%C3%A4){38}-[0-9a-f]{16}$/)
    expect(named[2]).toBe(`host=${'a'.repeat(250)}`)
    expect(named[3]).toMatch(/^host=a{233}-[0-9a-f]{16}$/)
    expect(new Set(named).size).toBe(4)
    for (const name of named) expect(name.length).toBeLessThanOrEqual(255)
  })

  test('exists before 1970 and after the last date', () => {
    expect(partitionDirectory(['date'], '', -1)).toBe('date=1969-12-31')
    expect(partitionDirectory(['date'], '', 1e9)).toBe('date=__HIVE_DEFAULT_PARTITION__')
  })
})
