import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Duckdb } from '../../../src/analyze/archive/duckdb.js'
import { restoreAttempts } from '../../../src/analyze/archive/restore-attempts.js'
import type { RestoredSession } from '../../../src/analyze/archive/restore-sessions.js'
import { createTrace } from '../../../src/analyze/share/output-database.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

test('a file with other processes than a moment ago is reported as damaged', async () => {
  const path = join(makeTemporaryDirectory(), 'archive.db')
  const db = createTrace(path, path)
  onTestFinished(() => void db.close())
  const session = {
    sessionId: 1,
    offset: 0,
    facts: { session_uuid: 'uuid', first_attempt_id: 1, attempts: 1 },
    parts: [{ part: { name: 'host=web1/name.parquet' }, path: '0.parquet' }],
  } as unknown as RestoredSession
  const duckdb: Duckdb = {
    async *rows(sql) {
      yield sql.startsWith('SELECT DISTINCT')
        ? [[1n]]
        : [['uuid', 1n, 2n, 0n, 1n, 'established', ...Array<null>(40).fill(null)]]
    },
    close() {},
  }
  await expect(restoreAttempts(db, [session], { where: 'true', values: {} }, duckdb)).rejects.toMatchObject({
    code: 'E_ARCHIVE_DAMAGED',
    message: expect.stringContaining('host=web1/name.parquet cannot be read'),
  })
})
