import { expect, test } from 'vitest'
import { COLUMNS } from '../../../src/analyze/share/columns.js'
import { migrate } from '../../../src/store/migrate.js'
import { openDatabase } from '../../../src/store/open-database.js'

test('every column of every table is declared, and no other (SEC-67)', () => {
  const db = openDatabase(':memory:')
  migrate(db)
  const select = `SELECT m.name, p.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table'`
  const columns = db.prepare(select).raw().all() as [string, string][]
  db.close()
  const declared = Object.entries(COLUMNS).flatMap(([table, rules]) =>
    Object.keys(rules).map((column) => `${table}.${column}`),
  )
  // For a new one: say in src/analyze/share/columns.ts how share copies it.
  expect(declared.toSorted()).toEqual(columns.map(([table, column]) => `${table}.${column}`).toSorted())
})
