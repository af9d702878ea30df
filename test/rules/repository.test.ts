import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')
const LOCKS = ['package-lock.json', 'test/engines/package-lock.json']
const sha256 = (path: string) => createHash('sha256').update(read(path)).digest('hex')

/**
 * Files that are or would be committed. Git refuses root a checkout of another user unless it is configured as safe.
 */
function listFiles(): string[] {
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const names = execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).split('\0').filter(Boolean)
  return names.filter((name) => existsSync(join(REPOSITORY, name)))
}

test('no file contains a path of the machine that it was written on', () => {
  // Tests use invented accounts.
  const isBound = (name: string) => (name.startsWith('test/') ? /\/root\// : /\/(root|home)\//).test(read(name))
  expect(listFiles().filter((name) => isBound(name))).toEqual([])
})

test('no lock file or npm setting names a registry: each user configures one', () => {
  for (const lock of LOCKS) expect(read(lock), lock).not.toMatch(/"resolved"|registry|npmjs/)
  expect(read('.npmrc')).not.toMatch(/^\s*[^#]*registry\s*=|_auth/m)
})

test.each(LOCKS)('%s has every optional package that a machine may need', (lock) => {
  const { packages } = JSON.parse(read(lock)) as { packages: Record<string, Package> }
  const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  expect(wanted.filter((name) => !(`node_modules/${name}` in packages))).toEqual([])
})

interface Package {
  readonly optionalDependencies?: Record<string, string>
}

test('committed migrations never change', () => {
  const names = readdirSync(join(REPOSITORY, 'migrations')).toSorted()
  const sums = names.map((name) => `${sha256(`migrations/${name}`)}  ${name}\n`).join('')
  // For a new migration: (cd migrations && sha256sum *.sql) >test/rules/migrations.sha256
  expect(sums).toBe(read('test/rules/migrations.sha256'))
})

test('every file of the probe names its license', () => {
  const files = listFiles().filter((name) => name.startsWith('bpf/') || name.endsWith('.bpf.c'))
  expect(files).toContain('bpf/tcpconn.bpf.c')
  expect(files.filter((name) => !/^(\/\/|\/\*) SPDX-License-Identifier: \S/.test(read(name)))).toEqual([])
})

test('one npm package supports every CPU: it names none, and contains no machine code except BPF', () => {
  const manifest = JSON.parse(read('package.json')) as { os: string[]; cpu?: string[]; files: string[] }
  expect([manifest.os, manifest.cpu]).toEqual([['linux'], undefined])
  const files = manifest.files.flatMap((name) => listBelow(join(REPOSITORY, name)))
  const machines = files.flatMap((file) => elfMachineOf(readFileSync(file)))
  expect(files.some((file) => file.endsWith('.bpf.o'))).toBe(true)
  expect([...new Set(machines)]).toEqual([EM_BPF])
})

/** e_machine of elf.h */
const EM_BPF = 247

function listBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path).flatMap((name) => listBelow(join(path, name)))
}

/** The machine that an ELF file is for; undefined for another file. */
function elfMachineOf(bytes: Buffer): number[] {
  return bytes.subarray(0, 4).toString('latin1') === '\x7fELF' ? [bytes.readUInt16LE(18)] : []
}
