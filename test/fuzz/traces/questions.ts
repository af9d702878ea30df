import { createArrowWriter } from '../../../src/analyze/export/arrow/arrow-writer.js'
import type { FormatInput } from '../../../src/analyze/export/export-formats.js'
import { createScratch } from '../../../src/analyze/export/parquet/encode-levels.js'
import { createParquetWriter } from '../../../src/analyze/export/parquet/parquet-writer.js'
import { loadZstd } from '../../../src/analyze/export/parquet/zstd.js'
import { createAttemptTable } from '../../../src/analyze/export/rows/attempt-table.js'
import type { BatchWriter } from '../../../src/analyze/export/rows/column.js'
import { createCsvWriter } from '../../../src/analyze/export/text/csv-writer.js'
import { createJsonlWriter } from '../../../src/analyze/export/text/jsonl-writer.js'
import { describeExport } from '../../../src/analyze/export/trace-metadata.js'
import { describeTrace } from '../../../src/analyze/info/describe-trace.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { buildPage } from '../../../src/analyze/report/build-page.js'
import { collectReport, LIMITS } from '../../../src/analyze/report/collect-report.js'
import { describeMissingDns } from '../../../src/analyze/replay/recorded-dns.js'
import { recordedRows } from '../../../src/analyze/replay/recorded-rows.js'
import { readStatement } from '../../../src/analyze/sql/read-statement.js'
import { createSqlQuery } from '../../../src/analyze/sql/sql-query.js'
import { describeCover, describeLoss } from '../../../src/analyze/scan/session-facts.js'
import { openTrace } from '../../../src/store/open-trace.js'
import { forEachSums } from '../../../src/sums/sums-blob.js'
import { createConnectCounts } from '../../../src/view/count-connects.js'
import { createConnectView } from '../../../src/view/render-view.js'
import { parseViewOptions } from '../../../src/view/view-options.js'
import { inScope } from '../../analyze/in-scope.js'
import { require } from '../fuzz-target.js'

type Question = (file: string) => void

const ALL: RawScope = { session: 'all' }
const SHOW = createSqlQuery('sql', readStatement('SELECT time, comm, remote_address, latency_ns FROM connects'))
/** Fewer than there are attempts. */
const EXPORT_ROWS = 128
/** As for a trace that is too large to read. */
const FROM_SUMS = { ...LIMITS, readAttempts: 0 }
const compress = await loadZstd()
const scratch = createScratch()

/** `info`, `analyze`, `report`, `replay` and `export`. Each throws if a rule is broken, or a TcpconnError. */
export const QUESTIONS: readonly Question[] = [
  (file) => {
    const text = describeTrace(file).join('\n')
    require(!text.includes('\x1b'), () => 'info steers the terminal')
  },
  ...[...CATALOGUE, SHOW].flatMap((query): Question[] => [
    (file) => analyze(file, query, ALL),
    (file) => analyze(file, query, { exact: true, since: '+1s' }),
  ]),
  (file) => void buildPage(collectReport([file], ALL)),
  (file) => void collectReport([file], ALL, FROM_SUMS),
  (file) => void replay(file, ALL, { latency: true, dns: true, container: true }),
  (file) => requireJson(replay(file, { since: '+1s' }, { json: true })),
  count,
  (file) => void exportAs(file, ({ columns }) => createCsvWriter(columns)),
  (file) => requireJson(exportAs(file, ({ columns }) => createJsonlWriter(columns)).toString()),
  (file) => void exportAs(file, ({ columns, metadata }) => createArrowWriter(columns, metadata, 'file')),
  (file) =>
    void exportAs(file, ({ columns, metadata }) => createParquetWriter(columns, { metadata, compress, scratch })),
]

/** Opens the file like every command, and reads some rows of each kind. */
export function readSome(file: string): void {
  const db = openTrace(file)
  try {
    db.prepare('SELECT * FROM connects LIMIT 20').all()
    for (const table of ['dns_lookup', 'dns_address']) db.prepare(`SELECT * FROM ${table} LIMIT 20`).all()
    for (const sums of db.prepare('SELECT sums FROM window_sums').pluck().all())
      forEachSums(sums as Uint8Array, () => {})
  } finally {
    db.close()
  }
}

/** The values of a table and of JSON: rows, loss, cover. */
function analyze(file: string, query: StoredQuery, raw: RawScope): void {
  inScope([file], raw, (scope) => {
    const { rows } = query.run(scope, { limit: 50, sort: null, width: 80, values: {} })
    for (const row of rows) require(row !== null, () => `${query.name} has no row`)
    describeLoss(scope.parts)
    describeCover(scope.parts)
  })
}

function replay(file: string, raw: RawScope, options: Parameters<typeof parseViewOptions>[0]): string {
  const view = createConnectView(parseViewOptions(options))
  return inScope([file], raw, (scope) => {
    describeMissingDns(scope.parts)
    return Array.from(recordedRows(scope), view.line).join('\n')
  })
}

function count(file: string): void {
  const counts = createConnectCounts(true)
  inScope([file], ALL, (scope) => {
    for (const row of recordedRows(scope)) counts.add(row)
  })
  counts.render()
}

function exportAs(file: string, create: (input: FormatInput) => BatchWriter): Buffer {
  return inScope([file], ALL, (scope) => {
    const table = createAttemptTable(scope, EXPORT_ROWS)
    const { columns } = table
    const writer = create({ columns, metadata: describeExport(scope, columns, {}), isStream: false })
    const pieces: Buffer[] = []
    for (const rows of table.read({ scanned: 0, total: 0 })) {
      pieces.push(Buffer.concat(writer.add(table.batchOf(rows))))
    }
    return Buffer.concat([...pieces, ...writer.finish()])
  })
}

/** Renders each line separately. */
function requireJson(text: string): void {
  for (const line of text.split('\n')) {
    try {
      if (line !== '') JSON.parse(line)
    } catch {
      require(false, () => `no JSON: ${line}`)
    }
  }
}
