import { basename, dirname, join } from 'node:path'

/** A program and its first arguments. */
export interface NodeProgram {
  readonly file: string
  readonly args: readonly string[]
}

/**
 * Starts the Node.js of this process once more. The archive of script/bundle starts it through the dynamic linker that
 * lies beside it, which the kernel reports as the executable.
 */
export function nodeProgram(executable = process.execPath): NodeProgram {
  if (!basename(executable).startsWith('ld-')) return { file: executable, args: [] }
  const directory = dirname(executable)
  return { file: executable, args: ['--inhibit-cache', '--library-path', directory, join(directory, 'node')] }
}
