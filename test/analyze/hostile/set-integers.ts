import { test } from 'vitest'
import { askAll, changeTrace, listColumns } from './ask-all.js'

/** Tests a trace for each integer column of some tables. A column at a time: one absurd value keeps most queries from looking at the others. */
export function testIntegers(value: string, tables: readonly string[]): void {
  const integers = listColumns().filter(({ table, type }) => type === 'INTEGER' && tables.includes(table))
  test.each(integers.map(({ table, name }) => [table, name] as const))(
    `every integer in %s.%s is ${value}`,
    async (table, name) => {
      await askAll(changeTrace(`UPDATE OR IGNORE "${table}" SET "${name}" = ${value}`))
    },
  )
}
