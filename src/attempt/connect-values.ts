import { CONNECT_COLUMNS } from './connect-columns.js'

type Declared = (typeof CONNECT_COLUMNS)[number]
export type ConnectColumnName = Declared['name']
type OfProcess = Extract<Declared, { ofProcess: string }>
export type ProcessColumnName = OfProcess['name']

/** What is the same for all attempts of a process, in the order of the view. */
export const PROCESS_COLUMNS = CONNECT_COLUMNS.filter((column): column is OfProcess => 'ofProcess' in column)

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

interface ValueOf {
  utf8: string
  uint8: number
  uint16: number
  int32: number
  uint32: number
  int64: bigint
  duration: number
  timestamp: string
}

type CellOf<Column extends Declared> = ValueOf[Column['type']] | (Column['isNullable'] extends true ? null : never)

/** Columns as properties: `netns_cookie` is `netnsCookie`, a bigint or null. */
export type ConnectValues = { readonly [Column in Declared as CamelCase<Column['name']>]: CellOf<Column> }
/** Likewise, of a process. */
export type ProcessValues = { readonly [Column in OfProcess as CamelCase<Column['name']>]: CellOf<Column> }

/** `netns_cookie` → `netnsCookie` */
export function propertyOf<Name extends string>(name: Name): CamelCase<Name> {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as CamelCase<Name>
}
