import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface LockedPackage {
  readonly version: string
  readonly dev?: boolean
}

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')
const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Manifest
const engines = JSON.parse(read('test/engines/package.json')) as Manifest
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }
/** Locked packages by name. koffi has a package of binaries for each platform: only the one for x86-64 counts. */
const locked = Object.entries(packages)
  .filter(([path]) => path.includes('node_modules/') && (!path.includes('/koffi-') || path.endsWith('-linux-x64')))
  .map(([path, { version, dev }]) => ({ name: path.replace(/^.*node_modules\//, ''), version, isDev: dev === true }))
const tables = read('docs/dependencies.md')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test.each([
  ['package.json requires', Object.keys({ ...dependencies, ...devDependencies })],
  ['test/engines requires', Object.keys(engines.dependencies)],
  ['an installed package contains', locked.filter(({ isDev }) => !isDev).map(({ name }) => name)],
  ['script/bootstrap installs', listDebianPackages(read('script/bootstrap'))],
])('docs/dependencies.md has the reason, the size and the alternatives of all that %s', (_, names) => {
  expect(names.length).toBeGreaterThan(5)
  expect(names.filter((name) => !isAccountedFor(name))).toEqual([])
})

test('docs/dependencies.md lists libraries of the system', () => {
  for (const name of ['libbpf1', 'libelf1', 'zlib1g', 'glibc']) expect(read('docs/dependencies.md')).toContain(name)
})

test('docs/dependencies.md lists faults of the locked versions only', () => {
  const listed = tables
    .filter((cells) => /^\d+\.\d+\.\d+$/.test(cells[2] ?? ''))
    .map(([, name, version]) => [name, version])
  const sqlite = ['SQLite', new Database(':memory:').prepare('SELECT sqlite_version()').pluck().get()]
  const present = [sqlite, ...locked.map(({ name, version }) => [name, version])]
  expect(listed.length).toBeGreaterThan(5)
  for (const entry of listed) expect(present).toContainEqual(entry)
})

test('script/bootstrap unpacks the packages that would start services, and does not install them', () => {
  const script = read('script/bootstrap')
  expect(listServers(script)).toEqual(['prometheus', 'victoria-metrics'])
  for (const name of listServers(script)) expect(script).not.toMatch(new RegExp(`need .*\\b${name}\\b`))
  expect(script).toMatch(/apt-get -q download "\$\{server_packages\[@\]\}"/)
})

test('a missing package is reported', () => {
  expect(isAccountedFor('left-out')).toBe(false)
  expect(listDebianPackages('  need left-out has_program left\n  need "$(others)" true\n')).toEqual(['left-out'])
})

/** Whether a row has this name in its first cell, and a reason, a size and an alternative in the others. */
function isAccountedFor(name: string): boolean {
  const rows = tables.filter(([, names = '']) => names.split(', ').includes(name))
  return rows.some(([, , why = '', size = '', weighed = '']) => {
    return /\w/.test(why) && /\d [kM]B/.test(size) && /\w/.test(weighed)
  })
}

/**
 * Packages that the script installs with `need NAME`, and those that it only unpacks. It chooses the package of bpftool at run time,
 * because Ubuntu has another name for it: the list has `bpftool`.
 */
function listDebianPackages(script: string): string[] {
  const bpftool = script.includes('bpftool_packages') ? ['bpftool'] : []
  const needed = [...script.matchAll(/^ *need ([a-z0-9][\w.+-]*) /gm)].map(([, name]) => name as string)
  return [...bpftool, ...needed, ...listServers(script)]
}

/** Packages that the script unpacks without installing them. */
function listServers(script: string): string[] {
  return (/^server_packages=\((.*)\)$/m.exec(script)?.[1] ?? '').split(' ').filter((name) => name !== '')
}
