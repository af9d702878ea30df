import { chunkLines } from './chunk-lines.js'
import type { Format, FormatName } from './format.js'
import { renderCsv } from './render-csv.js'
import { renderJson } from './render-json.js'
import { renderJsonl } from './render-jsonl.js'
import { renderMarkdown } from './render-markdown.js'
import { renderTable } from './render-table.js'

/** Every format by its name. Arrow and Parquet bring large packages along, which are loaded when they are asked for. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  table: { kind: 'report', render: (result, view) => chunkLines(renderTable(result, view)) },
  json: { kind: 'text data', render: (result) => chunkLines(renderJson(result)) },
  jsonl: { kind: 'text data', render: (result) => chunkLines(renderJsonl(result)) },
  csv: { kind: 'text data', render: (result) => chunkLines(renderCsv(result)) },
  markdown: { kind: 'text data', render: (result) => chunkLines(renderMarkdown(result)) },
  arrow: {
    kind: 'binary data',
    async render(result, { isFile = false }) {
      const { renderArrow } = await import('../export/render-arrow.js')
      return [renderArrow(result, isFile ? 'file' : 'stream')]
    },
  },
  parquet: {
    kind: 'binary data',
    async render(result) {
      const { renderParquet } = await import('../export/render-parquet.js')
      return [await renderParquet(result)]
    },
  },
}
