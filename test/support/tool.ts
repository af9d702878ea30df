import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { cliOf } from './repository.js'
import { run, start, type Finished, type ProcessOptions, type Running } from './process.js'
import { makeTemporaryDirectory } from './temporary-directory.js'

export interface ToolOptions extends ProcessOptions {
  /** Prefix of the command of the tool: `['unshare', '-m']`, `['setpriv', …]`. */
  readonly under?: readonly string[]
}

/** Runs `tcpconn` with these arguments to its end. */
export function runTool(args: readonly string[], options: ToolOptions = {}): Promise<Finished> {
  return run(toolCommand(args, options), processOptions(options))
}

/** Starts `tcpconn` with these arguments. */
export function startTool(args: readonly string[], options: ToolOptions = {}): Running {
  return start(toolCommand(args, options), processOptions(options))
}

export function toolCommand(args: readonly string[], { under = [] }: ToolOptions = {}): string[] {
  return [...under, process.execPath, cliOf(inject('sharedPackage')), ...args]
}

/** A link to the built tool with another name, as npm creates it. */
export function linkTool(name: string): string {
  const link = join(makeTemporaryDirectory(), name)
  symlinkSync(cliOf(inject('sharedPackage')), link)
  return link
}

function processOptions({ under: _, ...options }: ToolOptions): ProcessOptions {
  return options
}
