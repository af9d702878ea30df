import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FoundLibc } from '../../../src/record/host/find-libcs.js'
import { holdLibcs, MAX_LIBCS } from '../../../src/record/host/hold-libcs.js'
import { requireLibcMachine } from '../../../src/record/host/libc-machine.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { makeElfStart } from './make-elf-start.js'
import { CODE_AT, makeLibc } from './make-libc.js'

const X64 = requireLibcMachine('x64')
const NOWHERE = '/proc/self/map_files/0-0'

interface MadeLibc extends FoundLibc {
  readonly path: string
}

/** Files with these contents, found through the mapping of one process. */
function makeLibcs(contents: readonly Uint8Array[]): MadeLibc[] {
  const directory = makeTemporaryDirectory()
  return contents.map((content, i) => {
    const path = join(directory, String(i))
    writeFileSync(path, Buffer.concat([content, Buffer.from(` ${i}`)]))
    return { path, inode: statSync(path).ino, places: [{ mapping: path, paths: [] }] }
  })
}

/** The numbers in the held files, and whether libcs were left out. */
function hold(libcs: readonly FoundLibc[]) {
  const held = holdLibcs(libcs, X64)
  const numbers = held.libcs.map(({ path }) => Number(readFileSync(path, 'latin1').split(' ').at(-1)))
  held.close()
  return { numbers, isCut: held.isCut }
}

test('holds libcs of this machine; leaves out 32-bit code, files that are not libraries, and libraries without getaddrinfo', () => {
  const contents = [
    makeLibc(),
    makeElfStart({ elfClass: 1, elfMachine: 3 }),
    Buffer.from('words'),
    makeElfStart({}),
    makeLibc({ names: ['getaddrinfo_a'] }),
    makeLibc({ names: ['connect', 'getaddrinfo'] }),
  ]
  const libcs = makeLibcs(contents)
  expect(hold(libcs)).toEqual({ numbers: [0, 5], isCut: false })
  const held = holdLibcs(libcs, X64)
  expect(held.libcs.map(({ resolverOffset }) => resolverOffset)).toEqual([CODE_AT, CODE_AT + 8])
  held.close()
})

test('holds at most 256 libcs, and closes all descriptors (SEC-34)', () => {
  const before = readdirSync('/proc/self/fd').length
  const libcs = makeLibcs(Array.from({ length: MAX_LIBCS + 5 }, () => makeLibc()))
  const first = Array.from({ length: MAX_LIBCS }, (_, i) => i)
  expect(MAX_LIBCS).toBe(256)
  expect(hold(libcs)).toEqual({ numbers: first, isCut: true })
  expect(hold(libcs.slice(0, MAX_LIBCS))).toEqual({ numbers: first, isCut: false })
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
})

test('inspects a limited number of files that are named like a libc: a process may map 65,000 files (SEC-34)', () => {
  const before = readdirSync('/proc/self/fd').length
  const [libc, words] = makeLibcs([makeLibc(), Buffer.from('words')]) as [MadeLibc, MadeLibc]
  const others = (count: number) => Array.from({ length: count }, () => words)
  expect(hold([...others(1023), libc])).toEqual({ numbers: [0], isCut: false })
  expect(hold([...others(1024), libc])).toEqual({ numbers: [], isCut: true })
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
})

test('opens a libc by path if its mapping is not accessible, and only if it is the same file', () => {
  const [libc, other] = makeLibcs([makeLibc(), makeLibc()]) as [MadeLibc, MadeLibc]
  const places = [{ mapping: NOWHERE, paths: ['/nowhere', other.path, libc.path] }]
  expect(hold([{ ...libc, places }]).numbers).toEqual([0])
  renameSync(other.path, libc.path)
  expect(hold([{ ...libc, places }]).numbers).toEqual([])
})

test('opens a libc through another process if the first one has ended', () => {
  const [libc] = makeLibcs([makeLibc()]) as [MadeLibc]
  const places = [{ mapping: NOWHERE, paths: ['/nowhere'] }, ...libc.places]
  expect(hold([{ ...libc, places }]).numbers).toEqual([0])
})
