import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')
const sha256 = (path: string) => createHash('sha256').update(read(path)).digest('hex')

/** Files that are or would be committed. Root may test a checkout of somebody else, which git asks about. */
function listFiles(): string[] {
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const names = execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).split('\0').filter(Boolean)
  return names.filter((name) => existsSync(join(REPOSITORY, name)))
}

test('no file names a place of the machine that it was written on', () => {
  // Tests make up accounts.
  const isBound = (name: string) => (name.startsWith('test/') ? /\/root\// : /\/(root|home)\//).test(read(name))
  expect(listFiles().filter((name) => isBound(name))).toEqual([])
})

test('no lock file or npm setting names a registry: every user has their own', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved"|registry|npmjs/)
  expect(read('.npmrc')).not.toMatch(/^\s*[^#]*registry\s*=|_auth/m)
})

test('the lock file knows every optional package that a machine may need', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> }
  const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  expect(wanted.filter((name) => !(`node_modules/${name}` in packages))).toEqual([])
})

interface Package {
  readonly optionalDependencies?: Record<string, string>
}

test('migrations never change once they have landed', () => {
  const names = readdirSync(join(REPOSITORY, 'migrations')).toSorted()
  const sums = names.map((name) => `${sha256(`migrations/${name}`)}  ${name}\n`).join('')
  // For a new one: (cd migrations && sha256sum *.sql) >test/rules/migrations.sha256
  expect(sums).toBe(read('test/rules/migrations.sha256'))
})

test('every file of the probe names its licence', () => {
  const files = listFiles().filter((name) => name.startsWith('bpf/') || name.endsWith('.bpf.c'))
  expect(files).toContain('bpf/tcpconn.bpf.c')
  expect(files.filter((name) => !/^(\/\/|\/\*) SPDX-License-Identifier: \S/.test(read(name)))).toEqual([])
})
