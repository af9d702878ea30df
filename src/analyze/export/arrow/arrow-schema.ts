import {
  Dictionary,
  Field,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  Schema,
  TimestampNanosecond,
  Uint16,
  Uint32,
  Uint8,
  Utf8,
  type DataType,
} from 'apache-arrow'
import type { ExportColumn, ExportSchema, FileMetadata } from '../rows/column.js'

/** The schema of an Arrow file. Texts are dictionary-encoded if their values are known in advance. */
export function arrowSchema(columns: ExportSchema, metadata: FileMetadata): Schema {
  const fields = columns.map((column, i) => {
    return new Field(column.name, arrowType(column, i), column.isNullable, new Map([['comment', column.comment]]))
  })
  return new Schema(fields, new Map(metadata))
}

/** @param id of the column's dictionary in the file */
function arrowType({ type, dictionary }: ExportColumn, id: number): DataType {
  switch (type) {
    case 'utf8':
      return dictionary === undefined ? new Utf8() : new Dictionary(new Utf8(), indexType(dictionary.length), id)
    case 'uint8':
      return new Uint8()
    case 'uint16':
      return new Uint16()
    case 'int32':
      return new Int32()
    case 'uint32':
      return new Uint32()
    case 'int64':
      return new Int64()
    // Without a time zone: DuckDB truncates timestamps with a time zone to microseconds.
    case 'timestamp':
      return new TimestampNanosecond(null)
    case 'double':
      return new Float64()
  }
}

/** The narrowest signed type, as the format recommends: one byte less saves 10 MB in 10 million rows. */
function indexType(values: number): Int8 | Int16 | Int32 {
  return values <= 128 ? new Int8() : values <= 32_768 ? new Int16() : new Int32()
}
