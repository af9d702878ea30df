import type { BatchWriter, ExportSchema, FileMetadata } from './rows/column.js'

/** Values of `--format`. */
export const EXPORT_FORMATS = ['parquet', 'arrow', 'csv', 'jsonl'] as const

export type ExportFormatName = (typeof EXPORT_FORMATS)[number]

/** Settings of a writer. */
export interface FormatInput {
  readonly columns: ExportSchema
  readonly metadata: FileMetadata
  /** Whether the output is a pipe, which can only be read sequentially. */
  readonly isStream: boolean
}

export interface ExportFormat {
  readonly isBinary: boolean
  /** Attempts per batch */
  readonly batchRows: number
  /** Loads the packages of this format. */
  load(): Promise<(input: FormatInput) => BatchWriter>
}

export const FORMAT_WRITERS: Readonly<Record<ExportFormatName, ExportFormat>> = {
  parquet: {
    isBinary: true,
    batchRows: 131_072,
    async load() {
      const { createParquetWriter } = await import('./parquet/parquet-writer.js')
      const { loadZstd } = await import('./parquet/zstd.js')
      const compress = await loadZstd()
      return ({ columns, metadata }) => createParquetWriter(columns, { metadata, compress })
    },
  },
  arrow: {
    isBinary: true,
    batchRows: 65_536,
    async load() {
      const { createArrowWriter } = await import('./arrow/arrow-writer.js')
      return ({ columns, metadata, isStream }) => createArrowWriter(columns, metadata, isStream ? 'stream' : 'file')
    },
  },
  csv: {
    isBinary: false,
    batchRows: 8192,
    async load() {
      const { createCsvWriter } = await import('./text/csv-writer.js')
      return ({ columns }) => createCsvWriter(columns)
    },
  },
  jsonl: {
    isBinary: false,
    batchRows: 8192,
    async load() {
      const { createJsonlWriter } = await import('./text/jsonl-writer.js')
      return ({ columns }) => createJsonlWriter(columns)
    },
  },
}
