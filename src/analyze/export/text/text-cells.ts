import { longsOf } from '../rows/long-halves.js'
import type { ColumnValues, ExportColumn } from '../rows/column.js'
import { createTimeText } from './time-text.js'

/** How a format writes values. */
export interface Spelling {
  text(value: string): string
  /** Consists of digits and `-:.TZ` */
  time(value: string): string
  /** The text of NULL */
  readonly missing: string
}

/** Formats the values of a column, one text per row. Formats repeated values once. */
export type CellColumn = (values: ColumnValues, count: number) => readonly string[]

export function createCellColumn(column: ExportColumn, { text, time, missing }: Spelling): CellColumn {
  const spelled: string[] = []
  const cells: string[] = []
  const timeText = createTimeText()
  const spell = (value: string | number | bigint) => (typeof value === 'string' ? text(value) : String(value))
  const spellLong = (value: bigint): string => {
    if (column.type !== 'timestamp') return String(value)
    const known = timeText(value)
    return known === null ? missing : time(known)
  }
  return (values, count) => {
    if (values.kind === 'coded') {
      const { codes, dictionary, isConstant } = values
      for (let code = spelled.length; code < dictionary.length; code++) spelled.push(spell(dictionary[code] ?? ''))
      for (let i = 0; i < count; i++) cells[i] = spelled[codes[isConstant ? 0 : i] as number] ?? missing
      return cells
    }
    const { nulls } = values
    const numbers = values.kind === 'doubles' ? values.values : longsOf(values.halves)
    for (let i = 0; i < count; i++) {
      const isNull = nulls !== null && nulls[i] !== 0
      const value = isNull ? null : (numbers[i] as number | bigint)
      cells[i] = value === null ? missing : typeof value === 'bigint' ? spellLong(value) : String(value)
    }
    return cells
  }
}
