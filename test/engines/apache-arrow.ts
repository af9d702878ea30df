import { readFileSync } from 'node:fs'
import { DataType, tableFromIPC, type Table, type Vector } from 'apache-arrow'
import { rowsOf, type Found } from './found.js'

/** Reads an Arrow file or stream with the library that writes them. */
export function readArrow(path: string): Found {
  return foundOfArrow(tableFromIPC(readFileSync(path)))
}

export function foundOfArrow(table: Table): Found {
  const names = table.schema.fields.map(({ name }) => name)
  return { names, rows: rowsOf(names.map((_, i) => valuesOf(table.getChildAt(i) as Vector))) }
}

/** `get` returns timestamps as ms with a fraction, which is not exact: reads them from memory instead. */
function valuesOf(vector: Vector): unknown[] {
  if (!DataType.isTimestamp(vector.type)) return Array.from(vector)
  return vector.data.flatMap((chunk) => {
    const { values } = chunk as { values: BigInt64Array }
    return Array.from({ length: chunk.length }, (_, i) => (chunk.getValid(i) ? values[i] : null))
  })
}
