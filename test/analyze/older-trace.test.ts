import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exportTrace } from '../../src/analyze/export/export-trace.js'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { CATALOGUE } from '../../src/analyze/queries/catalogue.js'
import { slowest } from '../../src/analyze/queries/slowest/slowest.js'
import { createSqlQuery } from '../../src/analyze/sql/sql-query.js'
import { readStatement } from '../../src/analyze/sql/read-statement.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { exportRows, makeHardTrace } from './export/hard-trace.js'
import { readArrowFile } from '../engines/arrow-rs.js'
import { readParquet } from '../engines/duckdb.js'
import { OLDER_VERSIONS, makeOlderTrace } from './older-trace.js'
import { rowObjects, runQuery, type RowObject } from './query-rows.js'

/** Columns of the view that versions before 3 do not have. */
const LATER = [
  'dns_lookup_ns dns_candidates container netns_cookie',
  'container_id container_name container_image pod_name pod_namespace pod_uid',
  'nat_address nat_port service_address service_port remote_container remote_pod',
].flatMap((line) => line.split(' '))
const NOTHING = Object.fromEntries(LATER.map((name) => [name, null]))

const countContainers = (rows: readonly RowObject[]) => rows.filter((row) => row['container'] !== null).length

describe.each(OLDER_VERSIONS)('a trace of version %i', (version) => {
  test('answers every built-in query, and reports its version', () => {
    const file = makeOlderTrace(makeHardTrace(), version)
    for (const query of CATALOGUE) {
      const { columns, rows } = runQuery(query, [file], query.files ? {} : { session: 'all' }, { limit: 5 })
      for (const row of rows) expect(row, query.name).toHaveLength(columns.length)
    }
    expect(describeTrace(file).join('\n')).toContain('4,551 attempts')
  })
})

describe.each(OLDER_VERSIONS.filter((version) => version < 3))('a trace of version %i, before lookups', (version) => {
  test.each(['parquet', 'arrow'] as const)('is exported as %s with NULL for missing values', async (format) => {
    const file = makeOlderTrace(makeHardTrace(), version)
    const output = join(makeTemporaryDirectory(), 'out')
    await exportTrace([file], { format, output, quiet: true, session: 'all' })
    const { names, rows } = format === 'parquet' ? await readParquet(output) : await readArrowFile(readFileSync(output))
    expect(names.slice(-LATER.length)).toEqual(LATER)
    const expected = exportRows(file).map((row) => [...row, ...LATER.map(() => null)])
    expect(rows).toEqual(expected)
  })

  test('has rows with NULL for missing values', () => {
    const file = makeOlderTrace(makeHardTrace(), version)
    const rows = rowObjects(runQuery(slowest, [file], { session: '1' }, { limit: 5 }))
    expect(rows).toHaveLength(5)
    for (const row of rows) expect(row).toMatchObject(NOTHING)
  })

  test('is queried in SQL like a newer one, and together with one', () => {
    const newer = makeHardTrace()
    const older = makeOlderTrace(newer, version)
    const query = createSqlQuery('sql', readStatement('SELECT * FROM connects ORDER BY dns_candidates DESC'))
    const rows = rowObjects(runQuery(query, [older], { session: 'all' }))
    expect(rows).toHaveLength(4551)
    for (const row of rows) expect(row).toMatchObject(NOTHING)
    const ofNewer = countContainers(rowObjects(runQuery(query, [newer], { session: 'all' })))
    expect(ofNewer).toBeGreaterThan(0)
    for (const files of [
      [older, newer],
      [newer, older],
    ]) {
      const both = rowObjects(runQuery(query, files, { session: 'all' }))
      expect(both).toHaveLength(2 * 4551)
      expect(countContainers(both)).toBe(ofNewer)
    }
  })
})
