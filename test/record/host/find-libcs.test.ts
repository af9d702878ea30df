import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findLibcs, readMappedLibcs } from '../../../src/record/host/find-libcs.js'

const lineOf = (path: string, file = '08:01 4711') => `7f0000000000-7f0000001000 r-xp 00000000 ${file}   ${path}`

test.each([
  '/usr/lib/x86_64-linux-gnu/libc.so.6',
  '/lib/libc-2.31.so',
  '/usr/lib64/libc.so.6',
  '/lib/ld-musl-x86_64.so.1',
  '/lib/libc.musl-aarch64.so.1',
  '/usr/lib/x86_64-linux-musl/libc.so',
  '/data/a b/libc.so.6',
])('%s is a libc', (path) => {
  expect(readMappedLibcs(lineOf(path))).toEqual([{ file: '08:01 4711', path }])
})

test.each([
  '/usr/lib/x86_64-linux-gnu/libcap.so.2',
  '/usr/lib/x86_64-linux-gnu/libc.so.6 (deleted)',
  '/usr/lib/libcrypto.so.3',
  '/opt/app/libc.so',
  '/usr/bin/libc.so.6.sh',
  '[heap]',
  '',
])('%j is none', (path) => {
  expect(readMappedLibcs(lineOf(path))).toEqual([])
})

test('each file once, however often it is mapped', () => {
  const maps = [
    lineOf('/lib/libc.so.6'),
    lineOf('/lib/libc.so.6'),
    lineOf('/other/libc.so.6', '08:02 4711'),
    lineOf('/lib/ld-musl-x86_64.so.1', '08:01 4712'),
    '7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ',
    '',
  ].join('\n')
  expect(readMappedLibcs(maps).map(({ path }) => path)).toEqual([
    '/lib/libc.so.6',
    '/other/libc.so.6',
    '/lib/ld-musl-x86_64.so.1',
  ])
})

test('those of this host are there: this process has one', () => {
  const found = findLibcs()
  expect(found.length).toBeGreaterThan(0)
  expect(found.filter((path) => !existsSync(path))).toEqual([])
})
