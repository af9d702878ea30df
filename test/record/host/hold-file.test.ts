import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { holdFile, readStart, type HeldFile } from '../../../src/record/host/hold-file.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

function makeFile(content: string): string {
  const path = join(makeTemporaryDirectory(), 'file')
  writeFileSync(path, content)
  return path
}

test('of what stands at some paths only files are held, and a FIFO makes nobody wait', () => {
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

test('it stays what it was when another takes its name, until it is given up', () => {
  const [file, other] = [makeFile('words'), makeFile('others')]
  const before = readdirSync('/proc/self/fd').length
  const held = holdFile(file) as HeldFile
  renameSync(other, file)
  expect(readFileSync(held.path, 'utf8')).toBe('words')
  held.close()
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
})

test('its first bytes are read, and no descriptor is left', () => {
  const held = holdFile(makeFile('words')) as HeldFile
  const before = readdirSync('/proc/self/fd').length
  expect(Buffer.from(readStart(held, 3)).toString()).toBe('wor')
  expect(Buffer.from(readStart(held, 9)).toString()).toBe('words')
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
  held.close()
  expect(readStart(held, 3)).toHaveLength(0)
})
