import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openArchive } from '../../../src/analyze/archive/open-archive.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const NAME = 'host=web1/a.parquet'

async function openListed() {
  const directory = makeTemporaryDirectory()
  const [place, target] = [join(directory, 'set'), join(directory, 'target')]
  mkdirSync(join(place, 'host=web1'), { recursive: true })
  writeFileSync(join(place, NAME), 'a file')
  const archive = await openArchive({ from: place })
  expect(await archive.list()).toEqual([NAME])
  return { archive, directory, place, target }
}

const DAMAGED = { code: 'E_ARCHIVE_DAMAGED', message: expect.stringContaining(`${NAME} cannot be read`) as string }

describe('a file of a directory', () => {
  test('is linked', async () => {
    const { archive, target } = await openListed()
    await archive.fetch(NAME, target)
    expect(lstatSync(target).isSymbolicLink()).toBe(true)
    expect(readFileSync(target, 'utf8')).toBe('a file')
  })

  test('is refused if it was replaced by a link after it was listed', async () => {
    const { archive, directory, place, target } = await openListed()
    writeFileSync(join(directory, 'other.parquet'), 'another file')
    rmSync(join(place, NAME))
    symlinkSync(join(directory, 'other.parquet'), join(place, NAME))
    await expect(archive.fetch(NAME, target)).rejects.toMatchObject(DAMAGED)
    expect(existsSync(target)).toBe(false)
  })

  test('is refused if its directory was replaced by a link', async () => {
    const { archive, directory, place, target } = await openListed()
    renameSync(join(place, 'host=web1'), join(directory, 'elsewhere'))
    symlinkSync(join(directory, 'elsewhere'), join(place, 'host=web1'))
    await expect(archive.fetch(NAME, target)).rejects.toMatchObject(DAMAGED)
  })

  test('is refused if it is gone', async () => {
    const { archive, place, target } = await openListed()
    rmSync(join(place, NAME))
    await expect(archive.fetch(NAME, target)).rejects.toMatchObject(DAMAGED)
  })
})
