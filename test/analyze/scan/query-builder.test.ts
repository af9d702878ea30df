import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createQuery, prepareOnce, queries } from '../../../src/analyze/scan/query-builder.js'
import { countCalls } from '../../support/count-work.js'
import { openNewTrace } from '../../record/new-trace.js'

test('a query is built and prepared once for a connection, and runs with other values each time', () => {
  const { db } = openNewTrace()
  const other = openNewTrace().db
  const [prepares, builds] = [countCalls(Database.prototype, 'prepare'), { count: 0 }]
  const read = createQuery((name: string, limit: number) => {
    builds.count++
    return queries
      .selectFrom('sqlite_schema')
      .select('name')
      .where('type', '=', 'table')
      .where('name', '>=', name)
      .orderBy('name')
      .limit(limit)
  })
  const names = (from: string, limit: number) => read(db, from, limit).map(({ name }) => name)
  expect(names('batch', 2)).toEqual(['batch', 'cgroup'])
  expect(names('connect_attempt', 1)).toEqual(['connect_attempt'])
  expect([prepares(), builds.count]).toEqual([1, 1])
  expect(read(other, 'session', 1)).toEqual([{ name: 'session' }])
  expect([prepares(), builds.count]).toEqual([2, 1])
})

test('a statement returns rows in the form that it was asked for, whatever other callers ask for', () => {
  const { db } = openNewTrace()
  const sql = 'SELECT 9007199254740993 AS value'
  const rounded = 9_007_199_254_740_992
  expect(prepareOnce(db, sql, 'objects').all()).toEqual([{ value: rounded }])
  expect(prepareOnce(db, sql, 'exact arrays').all()).toEqual([[9_007_199_254_740_993n]])
  expect(prepareOnce(db, sql, 'values').all()).toEqual([rounded])
  expect(prepareOnce(db, sql, 'objects').all()).toEqual([{ value: rounded }])
})
