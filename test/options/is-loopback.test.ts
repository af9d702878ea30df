import { expect, test } from 'vitest'
import { isLoopback } from '../../src/options/is-loopback.js'

test.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', '::ffff:127.0.0.1', '[::ffff:7f00:1]', 'localhost', 'LOCALHOST'])(
  '%s is this host',
  (host) => {
    expect(isLoopback(host)).toBe(true)
  },
)

test.each([
  '127.example.com',
  '127.0.0.1.example.com',
  '::2',
  '::ffff:10.0.0.1',
  '10.0.0.1',
  'localhost.example.com',
  '',
])('%j is another host, or may be one (SEC-76, SEC-100)', (host) => {
  expect(isLoopback(host)).toBe(false)
})
