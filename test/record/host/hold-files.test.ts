import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { holdFiles } from '../../../src/record/host/hold-files.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

test('of what stands at some paths only files are held, and a FIFO makes nobody wait', () => {
  const directory = makeTemporaryDirectory()
  const [file, link, fifo] = ['file', 'link', 'fifo'].map((name) => join(directory, name)) as [string, string, string]
  writeFileSync(file, 'words')
  symlinkSync(file, link)
  execFileSync('mkfifo', [fifo])
  const held = holdFiles([file, link, fifo, directory, '/dev/null', join(directory, 'missing')])
  expect(held.paths.map((path) => readFileSync(path, 'utf8'))).toEqual(['words', 'words'])
  held.close()
})

test('they stay what they were when others take their names, until they are given up', () => {
  const directory = makeTemporaryDirectory()
  const [file, other] = [join(directory, 'file'), join(directory, 'other')]
  writeFileSync(file, 'words')
  writeFileSync(other, 'others')
  const before = readdirSync('/proc/self/fd').length
  const held = holdFiles([file])
  renameSync(other, file)
  expect(held.paths.map((path) => readFileSync(path, 'utf8'))).toEqual(['words'])
  held.close()
  expect(readdirSync('/proc/self/fd')).toHaveLength(before)
})
