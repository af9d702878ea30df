import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findLibcs, readMappedLibcs } from '../../../src/record/host/find-libcs.js'
import { firstOutput, start } from '../../support/process.js'

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
  const mapping = '7f0000000000-7f0000001000'
  expect(readMappedLibcs(lineOf(path))).toEqual([{ file: '08:01 4711', inode: 4711, path, mapping }])
})

test.each([
  '/usr/lib/x86_64-linux-gnu/libcap.so.2',
  '/usr/lib/libcap.so.2 (deleted)',
  '/usr/lib/libcrypto.so.3',
  '/opt/app/libc.so',
  '/usr/bin/libc.so.6.sh',
  '[heap]',
  '',
])('%j is not a libc', (path) => {
  expect(readMappedLibcs(lineOf(path))).toEqual([])
})

test('each file is listed once, however often it is mapped', () => {
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

test('a replaced file keeps its previous name', () => {
  expect(readMappedLibcs(lineOf('/lib/libc.so.6 (deleted)'))).toMatchObject([{ path: '/lib/libc.so.6' }])
})

test('addresses are padded in maps, but not in map_files', () => {
  const line = '00010000-00200000 r-xp 00000000 08:01 4711   /lib/libc.so.6'
  expect(readMappedLibcs(line)).toMatchObject([{ mapping: '10000-200000' }])
})

test('the libc of this process is listed with the mappings of three processes', async () => {
  await Promise.all([1, 2].map(() => firstOutput(start(['sh', '-c', 'echo ready; read line']))))
  const [own] = readMappedLibcs(readFileSync('/proc/self/maps', 'utf8'))
  const places = findLibcs().find(({ inode }) => inode === own?.inode)?.places ?? []
  for (const { mapping, paths } of places) {
    expect(paths).toContain(own?.path)
    expect(mapping).toMatch(/^\/proc\/\d+\/map_files\/[\da-f]+-[\da-f]+$/)
  }
  expect(new Set(places.map(({ mapping }) => mapping.split('/')[2])).size).toBe(3)
})

test('a process without access is counted; one that has ended is not (GAP-13)', () => {
  const countHidden = (code: string) => {
    let count = 0
    const refuse = () => {
      throw Object.assign(new Error(code), { code })
    }
    expect(findLibcs(() => void count++, refuse)).toEqual([])
    return count
  }
  expect(countHidden('EACCES')).toBeGreaterThan(0)
  expect(countHidden('EPERM')).toBeGreaterThan(0)
  expect(countHidden('ENOENT')).toBe(0)
  expect(countHidden('ESRCH')).toBe(0)
})
