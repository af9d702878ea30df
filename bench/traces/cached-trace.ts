import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BUILD, MAKE_TRACE } from '../paths.js'

const ALL = join(BUILD, 'traces')
/** Generated traces stay here until the code that generates them changes. */
export const TRACES = join(ALL, createHash('sha256').update(readFileSync(MAKE_TRACE)).digest('hex').slice(0, 12))

/** Path of a generated trace of this many million attempts. Generates it once. */
export function makeTrace(millions: number): string {
  mkdirSync(TRACES, { recursive: true })
  for (const name of readdirSync(ALL)) if (join(ALL, name) !== TRACES) rmSync(join(ALL, name), { recursive: true })
  const path = join(TRACES, `${millions}M.db`)
  if (!existsSync(path)) execFileSync(process.execPath, [MAKE_TRACE, path, String(millions * 1e6)])
  return path
}
