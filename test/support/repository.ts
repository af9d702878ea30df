import { accessSync, constants } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** This checkout. */
export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** The built tool, in the checkout or in a copy of the package. */
export function cliOf(root: string): string {
  const cli = join(root, 'dist/cli.js')
  accessSync(cli, constants.R_OK)
  return cli
}
