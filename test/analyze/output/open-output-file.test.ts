import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openOutputFile } from '../../../src/analyze/output/open-output-file.js'
import { skipUnless } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const isRoot = process.getuid?.() === 0
const MEGABYTE = new Uint8Array(1 << 20)

function namesIn(directory: string): string[] {
  return readdirSync(directory).toSorted()
}

describe('an output file', () => {
  test('gets its name only when it is complete, and is accessible only to its owner (SEC-52)', async () => {
    const directory = makeTemporaryDirectory()
    const file = openOutputFile(join(directory, 'out'))
    file.write('one ü\n')
    await file.writeAside([Buffer.from('two\n'), Buffer.from('three\n')])
    file.write(Uint8Array.of(0))
    expect(namesIn(directory)).not.toContain('out')
    file.commit()
    file.abort()
    expect(namesIn(directory)).toEqual(['out'])
    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('one ü\ntwo\nthree\n\0')
    expect(statSync(join(directory, 'out')).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory, 'out')).nlink).toBe(1)
  })

  test('that is abandoned leaves no file', () => {
    const directory = makeTemporaryDirectory()
    const file = openOutputFile(join(directory, 'out'))
    file.write('half')
    file.abort()
    file.abort()
    expect(namesIn(directory)).toEqual([])
  })

  test('leaves no listeners behind', () => {
    const count = () => ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name))
    const before = count()
    const files = [1, 2].map(() => openOutputFile(join(makeTemporaryDirectory(), 'out')))
    expect(count()).not.toEqual(before)
    files[0]!.abort()
    files[1]!.commit()
    expect(count()).toEqual(before)
  })

  test.each([
    ['a file', (path: string) => writeFileSync(path, 'mine')],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a link without a target', (path: string) => symlinkSync('/nowhere/else', path)],
  ])('does not replace %s', (_, make) => {
    const directory = makeTemporaryDirectory()
    make(join(directory, 'out'))
    expect(() => openOutputFile(join(directory, 'out'))).toThrow(expect.objectContaining({ code: 'E_EXISTS' }))
    expect(namesIn(directory)).toEqual(['out'])
  })

  test('does not replace a file that was created meanwhile', () => {
    const directory = makeTemporaryDirectory()
    const file = openOutputFile(join(directory, 'out'))
    writeFileSync(join(directory, 'out'), 'mine')
    expect(() => file.commit()).toThrow(expect.objectContaining({ code: 'E_EXISTS' }))
    expect(namesIn(directory)).toEqual(['out'])
    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('mine')
  })

  test.each([
    ['in a missing directory', 'missing/out', /mkdir -p/],
    ['below a file', 'file/out', /./],
    ['a name that is too long', 'x'.repeat(300), /./],
  ])('cannot be created: %s', (_, name, hint) => {
    const directory = makeTemporaryDirectory()
    writeFileSync(join(directory, 'file'), '')
    expect(() => openOutputFile(join(directory, name))).toThrow(
      expect.objectContaining({ code: 'E_CANNOT_OPEN', hint: expect.stringMatching(hint) }),
    )
  })

  test('may be a device, which is written to', () => {
    const file = openOutputFile('/dev/null')
    file.write('anything')
    file.commit()
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  test('on a full device is E_DISK_FULL', async () => {
    expect(() => openOutputFile('/dev/full').write('x')).toThrow(expect.objectContaining({ code: 'E_DISK_FULL' }))
    await expect(openOutputFile('/dev/full').writeAside([MEGABYTE])).rejects.toMatchObject({ code: 'E_DISK_FULL' })
  })

  test('on a full disk leaves no file', async (context) => {
    skipUnless(isRoot, 'mounting a small disk needs root', context)
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=2m', 'none'])
    const now = openOutputFile(join(directory, 'now'))
    expect(() => {
      for (let i = 0; i < 4; i++) now.write(MEGABYTE)
    }).toThrow(expect.objectContaining({ code: 'E_DISK_FULL' }))
    expect(namesIn(directory)).toEqual([])
    const aside = openOutputFile(join(directory, 'aside'))
    await expect(aside.writeAside([MEGABYTE, MEGABYTE, MEGABYTE])).rejects.toMatchObject({ code: 'E_DISK_FULL' })
    expect(namesIn(directory)).toEqual([])
  })

  test('in a directory of another user is E_CANNOT_OPEN', (context) => {
    skipUnless(isRoot, 'a read-only mount needs root', context)
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'ro', 'none'])
    expect(() => openOutputFile(join(directory, 'out'))).toThrow(
      expect.objectContaining({ code: 'E_CANNOT_OPEN', reason: expect.stringMatching(/read-only/) }),
    )
  })

  test('may be a FIFO', () => {
    const path = join(makeTemporaryDirectory(), 'fifo')
    execFileSync('mkfifo', [path])
    const script = `cat '${path}' & printf x > '${path}'; wait`
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe('x')
  })
})
