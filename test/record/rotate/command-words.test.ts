import { expect, test } from 'vitest'
import { asksToRotate } from '../../../src/record/rotate/command-words.js'

test.each([
  'tcpconn record --rotate 1h',
  'tcpconn record --rotate=1h --keep 7d',
  'tcpconn record a.db --dst 10.0.0.0/8 --rotate 500MB',
  `tcpconn record 'it'\\''s mine.db' --rotate 1h -- curl https://example.org`,
])('%s rotates', (commandLine) => {
  expect(asksToRotate(commandLine)).toBe(true)
})

test.each([
  '',
  'tcpconn record',
  'tcpconn record --rotated',
  'tcpconn record -- logger --rotate 1h',
  `tcpconn record 'a --rotate 1h.db'`,
  'tcpconn live --rotate 1h',
  'somebody else --rotate 1h',
])('%j does not', (commandLine) => {
  expect(asksToRotate(commandLine)).toBe(false)
})
