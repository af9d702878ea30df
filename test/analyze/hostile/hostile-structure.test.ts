// First import: it counts in modules that are loaded after it.
import { askAll, changeTrace, listColumns, readSample, writeTrace } from './ask-all.js'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'

/** Tables with texts whose rows have no rowid. */
const WITHOUT_ROWID = ['container_address', 'dns_address']

describe('a hostile trace is analyzed, or refused with a TcpconnError, with a bounded amount of work', () => {
  test('without a change', async () => {
    expect([...(await askAll(writeTrace(readSample())))]).toEqual(['ok'])
  })

  test('truncated at any size (SEC-41)', async () => {
    const bytes = readSample()
    for (let pages = 1; pages * 4096 < bytes.length; pages += 7) {
      await askAll(writeTrace(bytes.subarray(0, pages * 4096 + (pages % 2) * 1000)))
    }
  })

  test('with very long names', async () => {
    const texts = listColumns().filter(({ type, table }) => type === 'TEXT' && !table.startsWith('window_'))
    const assignments = (table: string) =>
      texts.filter((column) => column.table === table).map(({ name }) => `"${name}" = printf('%.*c', 300000, 'x')`)
    for (const table of new Set(texts.map((column) => column.table))) {
      const where = WITHOUT_ROWID.includes(table) ? '1' : `rowid = (SELECT min(rowid) FROM "${table}")`
      await askAll(changeTrace(`UPDATE OR IGNORE "${table}" SET ${assignments(table).join(', ')} WHERE ${where}`))
    }
  })

  test('with control characters in names (SEC-42)', async () => {
    const file = changeTrace(
      `UPDATE process SET comm = char(27) || ']0;title' || char(7); UPDATE session SET host = char(155) || '31m'`,
    )
    expect([...(await askAll(file))]).toEqual(['ok'])
  })

  test('with a b-tree page that refers to itself (SEC-41)', async () => {
    const bytes = readSample()
    const file = writeTrace(bytes)
    const db = new Database(file)
    const root = db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'connect_attempt'`).pluck().get() as number
    db.close()
    const damaged = Uint8Array.from(bytes)
    const page = new DataView(damaged.buffer, (root - 1) * 4096, 4096)
    expect(page.getUint8(0), 'an interior page').toBe(5)
    for (let cell = 0; cell < page.getUint16(3); cell++) page.setUint32(page.getUint16(12 + cell * 2), root)
    page.setUint32(8, root)
    expect(await askAll(writeTrace(damaged))).toContain('E_DAMAGED_TRACE')
  })
})
