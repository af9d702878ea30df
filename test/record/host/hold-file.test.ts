import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { holdFile, readPart, type HeldFile } from '../../../src/record/host/hold-file.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

function makeFile(content: string): string {
  const path = join(makeTemporaryDirectory(), 'file')
  writeFileSync(path, content)
  return path
}

test('opens only regular files, and does not block on a FIFO (SEC-36)', () => {
  const directory = makeTemporaryDirectory()
  const [link, fifo] = [join(directory, 'link'), join(directory, 'fifo')]
  const file = makeFile('words')
  symlinkSync(file, link)
  execFileSync('mkfifo', [fifo])
  const held = [file, link, fifo, directory, '/dev/null', join(directory, 'missing')].map(holdFile)
  expect(held.map((one) => one && readFileSync(one.path, 'utf8'))).toEqual(['words', 'words', null, null, null, null])
  expect(held[0]?.inode).toBe(statSync(file).ino)
  for (const one of held) one?.close()
})

test('keeps the same file after its path is replaced, until it is closed', () => {
  const [file, other] = [makeFile('words'), makeFile('others')]
  const before = readdirSync('/proc/self/fd').length
  const held = holdFile(file) as HeldFile
  renameSync(other, file)
  expect(readFileSync(held.path, 'utf8')).toBe('words')
  held.close()
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
})

test('reads parts up to the end of the file, and closes its descriptor', () => {
  const held = holdFile(makeFile('words')) as HeldFile
  const before = readdirSync('/proc/self/fd').length
  const read = (from: number, sizeBytes: number) => Buffer.from(readPart(held, from, sizeBytes)).toString()
  expect([read(0, 3), read(0, 9), read(3, 9), read(5, 1), read(2 ** 60, 1)]).toEqual(['wor', 'words', 'ds', '', ''])
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
  held.close()
  expect(readPart(held, 0, 3)).toHaveLength(0)
})
