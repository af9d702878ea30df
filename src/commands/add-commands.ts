import type { Command } from 'commander'
import { addAnalyzeCommands } from '../analyze/command.js'
import { addRecordCommands } from '../record/command.js'
import { addFleet, addPush } from './add-fleet.js'
import { addTop } from './add-top.js'

/**
 * Adds every command that works with traces.
 * @param asked arguments of the command line: stored queries of the user are read only for `analyze`
 * @param onEnd gets a function that ends a recording or a view when the reader of stdout is gone
 */
export async function addCommands(
  program: Command,
  asked: readonly string[],
  onEnd: (end: () => void) => void,
): Promise<void> {
  addRecordCommands(program, onEnd)
  await addAnalyzeCommands(program, asked)
  addTop(program, onEnd)
  addPush(program)
  addFleet(program)
}
