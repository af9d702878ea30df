import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BUILD, MAKE_TRACE } from '../paths.js'

/** Where made-up traces stay until the next run. */
export const TRACES = join(BUILD, 'traces')

/** Path of a made-up trace of so many million attempts, made once. */
export function makeTrace(millions: number): string {
  mkdirSync(TRACES, { recursive: true })
  const path = join(TRACES, `${millions}M.db`)
  if (!existsSync(path)) execFileSync(process.execPath, [MAKE_TRACE, path, String(millions * 1e6)])
  return path
}
