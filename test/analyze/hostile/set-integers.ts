import { test } from 'vitest'
import { askAll, changeTrace, listColumns } from './ask-all.js'

/**
 * Tests a trace for each integer column of some tables. One column at a time: an invalid value in one column prevents
 * most queries from reading the others.
 */
export function testIntegers(value: string, tables: readonly string[]): void {
  const integers = listColumns().filter(({ table, type }) => type === 'INTEGER' && tables.includes(table))
  test.each(integers.map(({ table, name }) => [table, name] as const))(
    `with ${value} in %s.%s of every row`,
    async (table, name) => {
      await askAll(changeTrace(`UPDATE OR IGNORE "${table}" SET "${name}" = ${value}`))
    },
  )
}
