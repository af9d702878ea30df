import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readMappedLibcs } from '../../../src/record/host/find-libcs.js'
import { findFunction } from '../../../src/record/host/find-function.js'
import { holdFile, type HeldFile } from '../../../src/record/host/hold-file.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { CODE_AT, makeLibc } from './make-libc.js'
import { countReadBytes } from '../../support/count-work.js'

const GIB = 2 ** 30
const OBJECT = 0x11

function hold(path: string): HeldFile {
  const held = holdFile(path) as HeldFile
  onTestFinished(() => held.close())
  return held
}

function makeFile(content: Uint8Array): string {
  const path = join(makeTemporaryDirectory(), 'libc.so.6')
  writeFileSync(path, content)
  return path
}

const findIn = (content: Uint8Array) => findFunction(hold(makeFile(content)), 'getaddrinfo')

test('finds a function by its name and returns its offset in the file', () => {
  expect(findIn(makeLibc())).toBe(CODE_AT)
  expect(findIn(makeLibc({ names: ['getaddrinfo_a', '__getaddrinfo', 'addrinfo', 'getaddrinfo'] }))).toBe(CODE_AT + 24)
})

test('finds a function in the code of the libc of this process', () => {
  const maps = readFileSync('/proc/self/maps', 'utf8')
  const path = readMappedLibcs(maps)[0]?.path as string
  const offset = findFunction(hold(path), 'getaddrinfo') as number
  const ranges = maps.split('\n').filter((line) => line.endsWith(path) && line.includes(' r-xp '))
  const isThere = ranges.some((line) => {
    const [range = '', , begin = ''] = line.split(' ')
    const [from = 0, to = 0, at = 0] = [...range.split('-'), begin].map((word) => Number.parseInt(word, 16))
    return offset >= at && offset < at + to - from
  })
  expect(isThere).toBe(true)
})

test.each([
  ['another name', makeLibc({ names: ['getaddrinfo_a', 'addrinfo'] })],
  ['an imported function', makeLibc({ section: 0 })],
  ['a function in a section that does not exist', makeLibc({ section: 4 })],
  ['data with that name', makeLibc({ info: OBJECT })],
  ['a file without symbols', makeLibc().subarray(0, CODE_AT)],
  ['a file without sections', makeLibc().subarray(0, 64)],
  ['half a header', makeLibc().subarray(0, 63)],
  ['an empty file', new Uint8Array()],
])('does not find the function: %s', (_, content) => {
  expect(findIn(content)).toBeNull()
})

test('reads only the first MiB of tables of 1 GiB (SEC-33)', () => {
  const content = makeLibc()
  const [symbols, strings] = [64 + 2 * 64, 64 + 3 * 64]
  for (const [section, at] of [
    [symbols, GIB],
    [strings, 2 * GIB],
  ] as const) {
    content.writeBigUInt64LE(BigInt(at), section + 24)
    content.writeBigUInt64LE(BigInt(GIB), section + 32)
  }
  const path = makeFile(content)
  truncateSync(path, 3 * GIB)
  const file = hold(path)
  const bytes = countReadBytes(() => expect(findFunction(file, 'getaddrinfo')).toBeNull())
  expect(bytes).toBeLessThan(16 * 2 ** 20)
})

test('returns a result for any file content (SEC-33)', () => {
  const random = createRandom(5)
  const path = makeFile(new Uint8Array())
  const file = hold(path)
  for (let i = 0; i < 2000; i++) {
    const content = makeLibc({ names: ['a', 'getaddrinfo', 'b'] })
    for (let flips = randomInteger(random, 1, 20); flips > 0; flips--) {
      const at = randomInteger(random, 0, content.length - 1)
      content[at] = (content[at] as number) ^ (1 << randomInteger(random, 0, 7))
    }
    writeFileSync(path, content)
    const offset = findFunction(file, 'getaddrinfo')
    if (offset !== null && !(Number.isSafeInteger(offset) && offset > 0)) expect.fail(`${offset}`)
  }
})
