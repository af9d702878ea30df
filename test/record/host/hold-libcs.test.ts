import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FoundLibc } from '../../../src/record/host/find-libcs.js'
import { holdLibcs, MAX_LIBCS } from '../../../src/record/host/hold-libcs.js'
import { requireLibcMachine } from '../../../src/record/host/libc-machine.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { makeElfStart } from './make-elf-start.js'

const X64 = requireLibcMachine('x64')
const NOWHERE = '/proc/self/map_files/0-0'

/** Files that begin like libcs, found by their mappings. */
function makeLibcs(starts: readonly Uint8Array[]): FoundLibc[] {
  const directory = makeTemporaryDirectory()
  return starts.map((start, i) => {
    const mapping = join(directory, String(i))
    writeFileSync(mapping, Buffer.concat([start, Buffer.from(` ${i}`)]))
    return { mapping, paths: [], inode: statSync(mapping).ino }
  })
}

/** Which of the files are held, by the number in them, and whether more are not. */
function hold(libcs: readonly FoundLibc[]) {
  const held = holdLibcs(libcs, X64)
  const numbers = held.paths.map((path) => Number(readFileSync(path, 'latin1').split(' ').at(-1)))
  held.close()
  return { numbers, isCut: held.isCut }
}

test('those of this machine are held, not 32-bit ones and what is no library', () => {
  const starts = [
    makeElfStart({}),
    makeElfStart({ elfClass: 1, elfMachine: 3 }),
    Buffer.from('words'),
    makeElfStart({}),
  ]
  expect(hold(makeLibcs(starts))).toEqual({ numbers: [0, 3], isCut: false })
})

test('256 of them and no more, and no descriptor is left', () => {
  const before = readdirSync('/proc/self/fd').length
  const libcs = makeLibcs(Array.from({ length: MAX_LIBCS + 5 }, () => makeElfStart({})))
  const first = Array.from({ length: MAX_LIBCS }, (_, i) => i)
  expect(MAX_LIBCS).toBe(256)
  expect(hold(libcs)).toEqual({ numbers: first, isCut: true })
  expect(hold(libcs.slice(0, MAX_LIBCS))).toEqual({ numbers: first, isCut: false })
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
})

test('what cannot be had by its mapping is found by a path, if that still leads to it', () => {
  const [libc, other] = makeLibcs([makeElfStart({}), makeElfStart({})]) as [FoundLibc, FoundLibc]
  const byPath = { ...libc, mapping: NOWHERE, paths: ['/nowhere', other.mapping, libc.mapping] }
  expect(hold([byPath]).numbers).toEqual([0])
  renameSync(other.mapping, libc.mapping)
  expect(hold([byPath]).numbers).toEqual([])
})
