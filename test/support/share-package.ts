import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { REPOSITORY } from './repository.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A path of the built package that every user of the host can access. */
    sharedPackage: string
  }
}

/** The files of the tool, and the programs of test/workload. */
const PARTS = ['dist', 'migrations', 'package.json', 'build/workload']
/** Sources and intermediate files of native modules: 25 MB that are not needed. */
const NEEDLESS = /\/better-sqlite3\/(deps|src|build\/(Release\/(obj|\.deps)|deps))(\/|\.|$)/

/**
 * Runs once per test run. If the checkout is in a private directory, for example below a home directory of mode 0700,
 * or has private files, the tests run a copy of the built package that every user of the host can access.
 * @returns a function that removes the copy
 */
export function setup(project: TestProject): (() => void) | undefined {
  // The other projects inherit the value of the root project.
  if (project !== project.vitest.getRootProject()) return undefined
  if (isShared()) return void project.provide('sharedPackage', REPOSITORY)
  const directory = mkdtempSync(join(tmpdir(), 'tcpconn-package-'))
  copyPackage(directory)
  project.provide('sharedPackage', directory)
  return () => rmSync(directory, { recursive: true, force: true })
}

function isShared(): boolean {
  const files = ['dist/cli.js', 'node_modules/better-sqlite3/build/Release/better_sqlite3.node']
  return isPublic(REPOSITORY) && files.every((file) => (statSync(join(REPOSITORY, file)).mode & 0o004) !== 0)
}

/** Whether every user may enter a directory. */
export function isPublic(directory: string): boolean {
  const allMayEnter = (statSync(directory).mode & 0o001) !== 0
  return allMayEnter && (directory === '/' || isPublic(dirname(directory)))
}

function copyPackage(directory: string): void {
  execFileSync(join(REPOSITORY, 'script/build-workloads'))
  for (const part of [...PARTS, ...listDependencies()]) {
    const filter = (path: string) => !NEEDLESS.test(path)
    cpSync(join(REPOSITORY, part), join(directory, part), { recursive: true, filter, verbatimSymlinks: true })
  }
  makePublic(directory)
}

/**
 * Folders of the packages that the tool needs, and of their dependencies: package-lock.json marks those for
 * development.
 */
function listDependencies(): string[] {
  const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  const needed = Object.entries(lock.packages).filter(([path, entry]) => path && !entry.dev && !entry.devOptional)
  return needed.map(([path]) => path).filter((path) => existsSync(join(REPOSITORY, path)))
}

function makePublic(path: string): void {
  const { mode } = statSync(path)
  const isDirectory = statSync(path).isDirectory()
  chmodSync(path, mode | (isDirectory || (mode & 0o100) !== 0 ? 0o755 : 0o644))
  if (isDirectory) for (const name of readdirSync(path)) makePublic(join(path, name))
}
