import { Command } from 'commander'
import { addCommands } from '../../../src/commands/add-commands.js'
import { addUsageCommands } from '../../../src/cli/usage/command.js'
import { describeCommand, flattenCommands, type CommandModel } from '../../../src/cli/usage/command-model.js'
import { describeAliases } from '../../../src/cli/usage/describe-alias.js'
import { runTool } from '../../support/tool.js'

/** Away with the user's own queries, of which packages know nothing. */
const NO_QUERIES = { XDG_CONFIG_HOME: '/dev/null' }

/** Every command of the sources, the tool itself first, the names of bcc's tools last. */
export async function describeTool(): Promise<readonly CommandModel[]> {
  const program = new Command('tcpconn').version('0')
  await addCommands(program, ['analyze'], () => {})
  addUsageCommands(program)
  return [describeCommand(program), ...describeAliases()].flatMap(flattenCommands)
}

/** What the built tool prints. */
export async function printUsage(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runTool(args, { env: NO_QUERIES })
  if (status !== 0 || stderr !== '') throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout
}
