import { expect, test } from 'vitest'
import { isWalFile } from '../../src/store/wal-mode.js'
import { makeTrace } from './hand-made-trace.js'

test('a trace in WAL mode is distinguished from a closed one', () => {
  const { db, file } = makeTrace()
  expect(isWalFile(file)).toBe(false)
  db.pragma('journal_mode = WAL')
  expect(isWalFile(file)).toBe(true)
  db.close()
})

test('a file that cannot be read is not in WAL mode', () => {
  expect(isWalFile('/nonexistent')).toBe(false)
  expect(isWalFile('/')).toBe(false)
})
