import { accessSync, constants, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mount } from './mount.js'
import { makeTemporaryDirectory } from './temporary-directory.js'

/** This checkout. */
export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/**
 * A path of this checkout that every user of the host may enter: the checkout itself, or, if it lies in somebody's
 * private directory, a bind mount of it for as long as the test runs.
 */
export function publicRepository(): string {
  if (isPublic(REPOSITORY)) return REPOSITORY
  const directory = makeTemporaryDirectory()
  mount(directory, ['--bind', REPOSITORY])
  return directory
}

/** Whether every user may run this program. */
export function isRunnableByAll(program: string): boolean {
  return isPublic(dirname(program)) && (statSync(program).mode & 0o001) !== 0
}

/** The built tool, below any path of a checkout. */
export function cliOf(root: string): string {
  const cli = join(root, 'dist/cli.js')
  accessSync(cli, constants.R_OK)
  return cli
}

function isPublic(directory: string): boolean {
  const allMayEnter = (statSync(directory).mode & 0o001) !== 0
  return allMayEnter && (directory === '/' || isPublic(dirname(directory)))
}
