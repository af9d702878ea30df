import { Option, type Command } from 'commander'
import { createValueList } from '../../options/value-list.js'
import { OUTCOME_FLAG, VIEW_FLAGS } from '../../view/view-options.js'
import type { ReplayOptions } from '../replay/replay.js'
import { addScopeOptions, addSourceOptions } from './scope-options.js'

const EXAMPLES = `
Examples:
  tcpconn replay tcpconn.db -t -U -d
  tcpconn replay tcpconn.db --latency 10 --last 5m
  tcpconn replay tcpconn.db --outcome=failed --wall --container
  tcpconn replay --from clickhouse://reader@db.example/tcpconn --host web1 --last 5m`

/** Adds `replay`, which shows a trace like `live`. */
export function addReplay(program: Command): void {
  const command = program
    .command('replay')
    .description('show a recorded trace attempt by attempt, with the columns of tcpconnect and tcpconnlat')
    .argument('[file]', 'trace file', 'tcpconn.db')
  for (const [flags, description] of VIEW_FLAGS) {
    if (!flags.startsWith('--interval')) command.option(flags, description)
  }
  const outcomes = createValueList()
  command.addOption(new Option(...OUTCOME_FLAG).argParser(outcomes.add))
  addScopeOptions(command, ['exact', 'outcome'])
  addSourceOptions(command)
  command.addHelpText('after', EXAMPLES).action(async (_: string, options: ReplayOptions, self: Command) => {
    const { replay } = await import('../replay/replay.js')
    await replay(self.args, { ...options, outcome: outcomes.chosen(options.outcome) })
  })
}
