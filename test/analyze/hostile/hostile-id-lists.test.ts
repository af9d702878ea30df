// First import: it counts in modules that are loaded after it.
import { ask, askAll, changeTrace, expectBounded } from './ask-all.js'
import { countAnalysis } from './count-analysis.js'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { createByteBuffer, putVarint, writtenBytes } from '../../../src/sums/byte-buffer.js'

function varints(...values: number[]): Buffer {
  const buffer = createByteBuffer()
  for (const value of values) putVarint(buffer, value)
  return Buffer.from(writtenBytes(buffer))
}

describe('a hostile trace is analyzed, or refused with a TcpconnError, with a bounded amount of work', () => {
  test.each([
    ['one by one', Buffer.concat([varints(0, 2 ** 40), Buffer.alloc(60e6, 1)])],
    ['as bits', Buffer.alloc(60e6, Buffer.concat([varints(1, 128 * 2 + 1), Buffer.alloc(128, 0xff)]))],
  ])('with a process that connected to more endpoints than exist, stored %s', async (_, ids) => {
    const file = changeTrace('')
    const db = new Database(file)
    const process = db.prepare('SELECT min(process_id) FROM process').pluck().get() as number
    const hasMembers = 1 << (OUTCOMES.length + 2)
    const sums = Buffer.concat([varints(process, hasMembers, ids.length), ids])
    db.prepare(`UPDATE window_sums SET sums = ? WHERE window_id = 1 AND dimension = 'process'`).run(sums)
    db.close()
    const work = countAnalysis()
    const byProcess = CATALOGUE.find(({ name }) => name === 'by-process') as StoredQuery
    expect(await ask(file, byProcess, { session: 'all' })).toBe('ok')
    // It decodes the list of 60 million numbers at most twice.
    expectBounded(work(), 'by-process', 2 * ids.length)
  })

  test.each(['endpoint', 'process'])('with sums of more groups than exist: %s', async (dimension) => {
    const sums = `CAST(replace(hex(zeroblob(5000000)), '0000', x'0100') AS BLOB)`
    const file = changeTrace(`UPDATE window_sums SET sums = ${sums} WHERE dimension = '${dimension}'`)
    expect(await askAll(file)).toEqual(new Set(['ok']))
  })
})
