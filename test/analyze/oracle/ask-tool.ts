import { runTool } from '../../support/tool.js'
import { readExactJson, type ExactRow } from './read-exact-json.js'

/** The output of `tcpconn analyze`, as a program reads its JSON. */
export async function askTool(args: readonly string[]): Promise<ExactRow[]> {
  const { status, stdout, stderr } = await runTool(['analyze', ...args, '--format', 'json'])
  if (status !== 0) throw new Error(`analyze ${args.join(' ')} ended with ${status}: ${stderr}`)
  return readExactJson(stdout)
}
