import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDuckdb } from '../../../src/analyze/archive/duckdb.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

describe('DuckDB', () => {
  test('opens no file beside its directories, and keeps its settings (SEC-153)', async () => {
    const directory = makeTemporaryDirectory()
    const [parts, linked] = [join(directory, 'parts'), join(directory, 'linked')]
    for (const one of [parts, linked]) {
      mkdirSync(one)
      writeFileSync(join(one, 'own'), 'text')
    }
    writeFileSync(join(directory, 'archive.db'), 'text')
    const duckdb = await openDuckdb(parts, linked)
    onTestFinished(() => duckdb.close())
    const run = async (sql: string) => {
      const cells: unknown[] = []
      for await (const rows of duckdb.rows(sql)) cells.push(...rows.flat())
      return cells
    }
    const read = (path: string) => run(`SELECT content FROM read_text('${path}')`)
    expect(await read(join(parts, 'own'))).toEqual(['text'])
    expect(await read(join(linked, 'own'))).toEqual(['text'])
    symlinkSync(join(directory, 'linked', 'own'), join(parts, 'link'))
    symlinkSync(join(directory, 'archive.db'), join(parts, 'outside'))
    expect(await read(join(parts, 'link'))).toEqual(['text'])
    const denied = /Permission Error/
    await expect(read(join(directory, 'archive.db'))).rejects.toThrow(denied)
    await expect(read(join(parts, 'outside'))).rejects.toThrow(denied)
    await expect(run(`COPY (SELECT 1) TO '${join(directory, 'new.csv')}'`)).rejects.toThrow(denied)
    await expect(run(`ATTACH '${join(directory, 'new.db')}'`)).rejects.toThrow(denied)
    await expect(run('SET enable_external_access = true')).rejects.toThrow(/locked|Cannot/)
    expect(readdirSync(directory).toSorted()).toEqual(['archive.db', 'linked', 'parts'])
  })
})
