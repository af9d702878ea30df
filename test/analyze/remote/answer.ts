import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { addAnalyzeCommands } from '../../../src/analyze/command.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

/** What the tool writes for a query, in this process, as JSON. @param words after `tcpconn analyze` */
export async function answer(words: readonly string[]): Promise<string> {
  const path = join(makeTemporaryDirectory(), 'answer.json')
  const args = ['analyze', ...words, '--format', 'json', '-o', path]
  const program = new Command().exitOverride()
  await addAnalyzeCommands(program, args)
  await program.parseAsync(args, { from: 'user' })
  return readFileSync(path, 'utf8')
}
