// First import: it counts in modules that are loaded after it.
import { askAll, changeTrace, expectBounded } from './ask-all.js'
import { countAnalysis } from './count-analysis.js'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exportTrace } from '../../../src/analyze/export/export-trace.js'
import { createRandom } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { sampleEvents } from '../sample-events.js'
import { makeSampleTrace } from '../sample-trace.js'

describe('a hostile trace is analyzed, or refused with a TcpconnError, with a bounded amount of work', () => {
  test('with windows and batches that overlap ten thousand times (SEC-41)', async () => {
    const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000)'
    const file = changeTrace(`
      DELETE FROM window_sums;
      ${many} INSERT INTO latency_window SELECT i + 1000, 2, 1, 1000000000, 0, 60000000000, 0, 0, 0, 0, 0, 0, 0 FROM n;
      ${many} INSERT INTO batch SELECT i + 1000, 2, 1, 1000000000, 1, 0, 60000000000, 0, 0, 0, 0, 0 FROM n`)
    await askAll(file)
  })

  test('with a clock that was set a hundred thousand times', async () => {
    const random = createRandom(2)
    const { file, db } = makeSampleTrace({
      batches: [sampleEvents(random, 30_000), null, sampleEvents(random, 30_000)],
    })
    db.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
      INSERT INTO clock_offset SELECT session_id, i * 590000, 1700000000000000000 + i * i % 1000003 FROM n, session`)
    db.pragma('journal_mode = DELETE')
    db.close()
    // In SQL, this many times are an expression that SQLite refuses.
    expect(await askAll(file)).toEqual(new Set(['ok', 'E_SQL']))
    const work = countAnalysis()
    const [output, partition] = [join(makeTemporaryDirectory(), 'data-set'), 'date']
    await exportTrace([file], { format: 'parquet', output, partition, since: '+1s', quiet: true })
    expectBounded(work(), 'export')
  })
})
