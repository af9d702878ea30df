import { chunkLines, type Format, type FormatName } from './result/format.js'
import { renderCsv } from './result/render-csv.js'
import { renderJson, renderJsonl } from './result/render-json.js'
import { renderMarkdown } from './result/render-markdown.js'
import { renderTable } from './result/render-table.js'

/** All formats by name. Loads the large packages of Arrow and Parquet only if they are used. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  table: { kind: 'report', render: (result, view) => chunkLines(renderTable(result, view)) },
  json: { kind: 'text data', render: (result) => chunkLines(renderJson(result)) },
  jsonl: { kind: 'text data', render: (result) => chunkLines(renderJsonl(result)) },
  csv: { kind: 'text data', render: (result) => chunkLines(renderCsv(result)) },
  markdown: { kind: 'text data', render: (result) => chunkLines(renderMarkdown(result)) },
  arrow: {
    kind: 'binary data',
    async render(result, { isFile = false }) {
      const { renderArrow } = await import('./export/render-arrow.js')
      return [renderArrow(result, isFile ? 'file' : 'stream')]
    },
  },
  parquet: {
    kind: 'binary data',
    async render(result) {
      const { renderParquet } = await import('./export/render-parquet.js')
      return [await renderParquet(result)]
    },
  },
}
