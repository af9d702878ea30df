import { expect, test } from 'vitest'
import { isWalFile } from '../../src/store/wal-mode.js'
import { makeTrace } from './hand-made-trace.js'

test('a trace in WAL mode is told from one that is closed', () => {
  const { db, file } = makeTrace()
  expect(isWalFile(file)).toBe(false)
  db.pragma('journal_mode = WAL')
  expect(isWalFile(file)).toBe(true)
  db.close()
})

test('what cannot be read is not', () => {
  expect(isWalFile('/nonexistent')).toBe(false)
  expect(isWalFile('/')).toBe(false)
})
