import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { RecordBatchFileReader, tableFromIPC, type Dictionary } from 'apache-arrow'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { exportTrace, type ExportOptions } from '../../../src/analyze/export/export-trace.js'
import type { ExportFormatName } from '../../../src/analyze/export/export-formats.js'
import { latestVersion } from '../../../src/store/migrate.js'
import { TOOL_VERSION } from '../../../src/base/package.js'
import { readArrowFile } from '../../engines/arrow-rs.js'
import { queryDuckdb, readParquet, type FoundWithTypes } from '../../engines/duckdb.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { COLUMN_NAMES, EXPORT_NAMES, exportRows, HOSTILE_NAMES, makeHardTrace, viewRows } from './hard-trace.js'

/** Exports into a new file, and returns its path. */
async function exportTo(
  format: ExportFormatName,
  files: readonly string[],
  options: Partial<ExportOptions> = {},
): Promise<string> {
  const output = join(makeTemporaryDirectory(), `out.${format}`)
  await exportTrace(files, { format, output, quiet: true, session: 'all', ...options })
  return output
}

const READERS: Record<'parquet' | 'arrow', (path: string) => Promise<FoundWithTypes>> = {
  parquet: readParquet,
  arrow: (path) => readArrowFile(readFileSync(path)),
}
/** Traces of different hosts and files may differ in size. */
function withoutBootId({ file_bytes: _, boot_id: __, ...session }: Record<string, unknown>) {
  return session
}

const BINARY = ['parquet', 'arrow'] as const

describe.each(BINARY)('an export as %s', (format) => {
  test('has every value of the view connects, in the order of attempts', async () => {
    const file = makeHardTrace()
    const { names, rows } = await READERS[format](await exportTo(format, [file]))
    const expected = exportRows(file)
    expect(names).toEqual(EXPORT_NAMES)
    expect(expected).toHaveLength(4551)
    expect(new Set(expected.map((row) => row[8])).size).toBe(8)
    expect(rows).toEqual(expected)
  })

  test('has the types of the documentation', async () => {
    const { types } = await READERS[format](await exportTo(format, [makeHardTrace()]))
    expect(types.join(' ').toLowerCase()).toBe(
      [
        'varchar varchar varchar bigint',
        'integer bigint timestamp_ns bigint varchar integer utinyint integer integer bigint varchar varchar uinteger',
        'varchar varchar uinteger uinteger utinyint varchar usmallint varchar usmallint varchar bigint',
        'bigint uinteger varchar bigint varchar varchar varchar varchar varchar varchar',
        'varchar usmallint varchar usmallint varchar varchar',
      ].join(' '),
    )
  })

  test('of a trace that is being recorded has the same rows', async () => {
    const file = makeHardTrace({ isClosed: false })
    const { rows } = await READERS[format](await exportTo(format, [file]))
    expect(rows).toEqual(exportRows(file))
  })

  test.each([
    ['1', 4500],
    ['2', 50],
    ['3', 0],
    ['4', 1],
  ])('of session %s has its attempts', async (session, count) => {
    const file = makeHardTrace()
    const { names, rows } = await READERS[format](await exportTo(format, [file], { session }))
    expect(names).toEqual(EXPORT_NAMES)
    expect(rows).toHaveLength(count)
    expect(rows).toEqual(exportRows(file, `session_id = ${session}`))
  })

  test('is of the newest session by default', async () => {
    const path = join(makeTemporaryDirectory(), 'out')
    await exportTrace([makeHardTrace()], { format, output: path, quiet: true })
    expect((await READERS[format](path)).rows).toHaveLength(1)
  })

  test('of several files has the host as first column', async () => {
    const files = [makeHardTrace({ host: 'one' }), makeHardTrace({ seed: 2, count: 500, host: '../\x1b"two"' })]
    const { names, rows } = await READERS[format](await exportTo(format, files))
    const expected = files.flatMap((file) => exportRows(file))
    expect(names).toEqual(EXPORT_NAMES)
    expect(rows).toEqual(expected)
  })

  test('of more rows than a batch is complete', async () => {
    const file = makeHardTrace({ count: 100_000 })
    const { rows } = await READERS[format](await exportTo(format, [file]))
    const expected = exportRows(file)
    expect(rows.length).toBe(expected.length)
    // expect() would search for a difference in 4 million values.
    const different = rows.findIndex((row, i) => row.some((value, j) => value !== expected[i]![j]))
    expect(different === -1 ? null : [rows[different], expected[different]]).toBe(null)
  })
})

describe('the selection of an export', () => {
  test.each([
    ['outcome', { outcome: ['failed'] }, "outcome NOT IN ('established', 'pending')"],
    ['user', { uid: ['www-data'] }, "user = 'www-data'"],
    ['pid', { pid: ['101,102'] }, 'pid IN (101, 102)'],
    ['port', { port: ['444'] }, 'remote_port = 444'],
    ['family', { ipv6: true }, 'family = 6'],
    ['comm', { comm: ['+1'] }, "comm = '+1'"],
    ['latency', { minLatency: '100us' }, 'latency_ns >= 100000'],
    ['cgroup', { cgroup: ['/cgroup-2'] }, "cgroup = '/cgroup-2'"],
    ['time', { since: '2023-11-15', until: '2023-11-16' }, "time >= '2023-11-15' AND time < '2023-11-16'"],
    ['nothing', { pid: ['999999'] }, '0'],
  ] as const)('is given by the filters: %s', async (name, options, where) => {
    const file = makeHardTrace()
    const expected = exportRows(file, where)
    if (name !== 'nothing') expect(expected.length).toBeGreaterThan(0)
    const { rows } = await readParquet(await exportTo('parquet', [file], options as unknown as ExportOptions))
    expect(rows).toEqual(expected)
  })

  test('has no names that the filters leave out', async () => {
    const file = makeHardTrace()
    for (const format of BINARY) {
      const bytes = readFileSync(await exportTo(format, [file], { comm: ['+1'] }))
      expect(bytes.includes('@SUM')).toBe(false)
    }
  })

  test.each(BINARY)('has no names that were looked up without a connect: %s', async (format) => {
    const bytes = readFileSync(await exportTo(format, [makeHardTrace()]))
    expect(bytes.includes('example.org')).toBe(true)
    expect(bytes.includes('never.example.org')).toBe(false)
  })
})

describe('text formats', () => {
  test('JSON lines have every value of the view, with exact integers', async () => {
    const file = makeHardTrace()
    const text = readFileSync(await exportTo('jsonl', [file]), 'utf8')
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    const lines = text.trimEnd().split('\n')
    // JSON.parse would round integers: those outside of strings become strings.
    const rows = lines.map((line) => {
      const marked = line.replace(/":(-?\d+)([,}])/g, '":"#$1"$2')
      const object = JSON.parse(marked, (_, value: unknown) => {
        return typeof value === 'string' && /^#-?\d+$/.test(value) ? BigInt(value.slice(1)) : value
      }) as Record<string, unknown>
      expect(Object.keys(object)).toEqual(EXPORT_NAMES)
      return Object.values(object)
    })
    expect(rows).toEqual(exportRows(file, '1', 'text'))
  })

  test('CSV has every number and time, and texts without control characters and formulas', async () => {
    const file = makeHardTrace()
    const path = await exportTo('csv', [file])
    const text = readFileSync(path, 'utf8')
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    const found = await queryDuckdb(
      `SELECT * FROM read_csv('${path}', all_varchar = true, nullstr = '', allow_quoted_nulls = false)`,
    )
    const safe = new Map(HOSTILE_NAMES.flatMap((name) => [name, `${name}!`]).map((name) => [name, csvNameOf(name)]))
    const expected = exportRows(file, '1', 'text').map((row) =>
      row.map((value) => {
        if (value === null) return null
        return safe.get(String(value)) ?? (value === '=evil\x1b' ? "'=evil\\x1b" : String(value))
      }),
    )
    expect(found.names).toEqual(EXPORT_NAMES)
    expect(found.rows.map((row) => row.map((value) => (value === null ? null : String(value))))).toEqual(expected)
  })

  test('without rows are a header, or empty', async () => {
    const file = makeHardTrace()
    expect(readFileSync(await exportTo('csv', [file], { session: '3' }), 'utf8')).toBe(`${EXPORT_NAMES.join(',')}\n`)
    expect(readFileSync(await exportTo('jsonl', [file], { session: '3' }), 'utf8')).toBe('')
  })
})

/** A hostile name in CSV, written out. */
function csvNameOf(name: string): string {
  const escaped = name
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\x0a')
    .replaceAll('\x1b', '\\x1b')
    .replaceAll('\t', '\\x09')
    .replaceAll('\r', '\\x0d')
    .replaceAll('\u202e', '\\u{202e}')
  return /^[=+\-@\t\r]/.test(name) ? `'${escaped}` : escaped
}

describe('an exported file', () => {
  test('has metadata of limited size, whatever the trace contains', async () => {
    const file = makeHardTrace()
    const db = new Database(file)
    db.exec(`UPDATE session SET filters = printf('%.*c', 3000000, 'x'), host = printf('%.*c', 3000000, 'y'),
      command_line = printf('%.*c', 3000000, 'z')`)
    db.close()
    const path = await exportTo('parquet', [file])
    expect(statSync(path).size).toBeLessThan(1_000_000)
    const { rows } = await queryDuckdb(`SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}')`)
    const metadata = new Map(rows as [string, string][])
    expect(metadata.get('tcpconn.host')).toBe('(3000000 bytes)')
    const bounded = { filters: '(3000000 bytes)', command_line: '(3000000 bytes)', host: '(3000000 bytes)' }
    expect(JSON.parse(metadata.get('tcpconn') ?? '').sessions[0]).toMatchObject(bounded)
  })

  test('has its origin in its metadata', async () => {
    const path = await exportTo('parquet', [makeHardTrace()], { outcome: ['failed'] })
    const { rows } = await queryDuckdb(`SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}')`)
    const metadata = new Map(rows as [string, string][])
    const everything = JSON.parse(metadata.get('tcpconn') ?? '')
    expect(everything).toMatchObject({ tool_version: TOOL_VERSION, selection: { outcome: ['failed'], session: 'all' } })
    expect(Object.keys(everything.columns)).toEqual(EXPORT_NAMES)
    expect(everything.sessions).toHaveLength(4)
    expect(everything.sessions[3]).toMatchObject({
      host: 'host',
      session_id: 4,
      command_line: 'tcpconn record',
      filters: {},
      recorded_attempts: 1,
      lost_attempts: 3,
      loss: { ring_full: 2, map_full: 0, writer_behind: 1, end_not_seen: 0 },
      started_unix_ns: '1700000000000000000',
      schema_version: latestVersion(),
      dns: { source: 'udp', ports: '53,5353', lost_packets: 5, malformed_packets: 0, evicted_names: 1 },
      has_local_errors: true,
      limits: ['one thing is not seen'],
    })
    expect(metadata.get('tcpconn.host')).toBe('host')
    expect(metadata.get('tcpconn.loss')).toBe('none\nLOST 3 attempts: 2 ring full, 1 writer behind')
    const arrow = tableFromIPC(readFileSync(await exportTo('arrow', [makeHardTrace()])))
    const { sessions } = JSON.parse(arrow.schema.metadata.get('tcpconn') ?? '')
    expect(sessions.map(withoutBootId)).toEqual(everything.sessions.map(withoutBootId))
    expect(arrow.schema.fields[7]?.metadata.get('comment')).toMatch(/ns until the outcome/)
  })

  test('in Parquet is compressed, dictionary-encoded, and has statistics for skipping row groups', async () => {
    const path = await exportTo('parquet', [makeHardTrace()], { session: '1' })
    const { rows } = await queryDuckdb(
      `SELECT path_in_schema, compression, encodings, stats_min_value, stats_max_value, stats_null_count, num_values
       FROM parquet_metadata('${path}')`,
    )
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(['ZSTD']))
    const of = (name: string) => rows.find((row) => row[0] === name) ?? []
    for (const name of ['comm', 'outcome', 'remote_address', 'dns_name']) expect(of(name)[2]).toMatch(/RLE_DICTIONARY/)
    const view = viewRows(makeHardTrace(), 'session_id = 1')
    const values = (name: string) => view.map((row) => row[COLUMN_NAMES.indexOf(name)])
    for (const name of ['started_ns', 'latency_ns', 'process_start_ns', 'remote_port', 'dns_lookup_ns']) {
      const known = (values(name).filter((value) => value !== null) as bigint[]).toSorted((a, b) => (a < b ? -1 : 1))
      expect([of(name)[3], of(name)[4]]).toEqual([String(known[0]), String(known.at(-1))])
    }
    for (const name of ['latency_ns', 'errno', 'exe', 'dns_name', 'local_port', 'dns_lookup_ns', 'container']) {
      expect(of(name)[5]).toBe(BigInt(values(name).filter((value) => value === null).length))
    }
  })

  test('in Arrow has each dictionary once, whatever the number of batches', async () => {
    const bytes = readFileSync(await exportTo('arrow', [makeHardTrace({ count: 100_000 })]))
    const reader = RecordBatchFileReader.from(bytes)
    const batches = [...reader]
    expect(batches.length).toBeGreaterThan(2)
    const texts = batches[0]!.schema.fields.filter((field) => String(field.type).startsWith('Dictionary'))
    expect(texts.map((field) => field.name)).toContain('comm')
    expect(new Set(texts.map((field) => (field.type as Dictionary).id)).size).toBe(texts.length)
    const needle = Buffer.from('@SUM(A1)@')
    expect(bytes.indexOf(needle)).toBe(bytes.lastIndexOf(needle))
  })

  test('is accessible only to its owner, and leaves no other files', async () => {
    const path = await exportTo('parquet', [makeHardTrace()])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(dirname(path))).toEqual([basename(path)])
  })

  test.each(['parquet', 'arrow', 'csv', 'jsonl'] as const)('is not overwritten: %s', async (format) => {
    const output = join(makeTemporaryDirectory(), 'out')
    writeFileSync(output, 'mine')
    await expect(exportTrace([makeHardTrace()], { format, output, quiet: true })).rejects.toMatchObject({
      code: 'E_EXISTS',
    })
    expect(readFileSync(output, 'utf8')).toBe('mine')
    expect(readdirSync(dirname(output))).toEqual(['out'])
  })

  test('refuses the same trace twice', async () => {
    const [file, output] = [makeHardTrace(), join(makeTemporaryDirectory(), 'out')]
    await expect(exportTrace([file, file], { format: 'csv', output })).rejects.toMatchObject({ code: 'E_USAGE' })
    expect(existsSync(output)).toBe(false)
  })

  test('without a name is refused', async () => {
    for (const partition of [{}, { partition: 'date' }]) {
      const exported = exportTrace([makeHardTrace()], { format: 'parquet', output: '', ...partition })
      await expect(exported).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining('--output') })
    }
  })

  test('is not created if the trace cannot be read', async () => {
    const directory = makeTemporaryDirectory()
    const output = join(directory, 'out')
    const missing = join(directory, 'missing.db')
    await expect(exportTrace([missing], { format: 'csv', output })).rejects.toMatchObject({ code: 'E_NO_SUCH_FILE' })
    expect(readdirSync(directory)).toEqual([])
  })
})
