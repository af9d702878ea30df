import type { Command } from 'commander'
import type { ReportOptions } from '../report/write-report.js'
import { LEVELS } from '../share/fields.js'
import { addScopeOptions, addSourceOptions, choiceOption } from './scope-options.js'

const EXAMPLES = `
Examples:
  tcpconn report tcpconn.db -o report.html
  tcpconn report before.db after.db -o compared.html
  tcpconn report trace.db@1 trace.db@2 --port 443 -o compared.html
  tcpconn report tcpconn.db --share --key tcpconn.key -o shared.html
  tcpconn report tcpconn.db --share --level strict -o shared.html
  tcpconn report --from clickhouse://reader@db.example/tcpconn --host web1 --since 1h -o web1.html`

/** Adds `report`: a trace as one HTML file. */
export function addReport(program: Command): void {
  const command = program
    .command('report')
    .description('write one HTML file that shows a trace, or two side by side; it opens without a network')
    .argument('[files...]', 'a trace file, or two to compare; FILE@2 is session 2 of FILE', ['tcpconn.db'])
    .requiredOption('-o, --output <file>', 'write to this new file, which appears when it is complete; - is stdout')
    .option('--share', 'with pseudonyms instead of names and addresses, as tcpconn share writes them')
    .addOption(choiceOption('--level <level>', 'with --share: what is replaced, by default the level default', LEVELS))
    .option('--key <file>', 'with --share: make the pseudonyms with the key in this file, created if it does not exist')
  addScopeOptions(command, ['exact'])
  addSourceOptions(command)
  command.addHelpText('after', EXAMPLES).action(async (_: string[], options: ReportOptions, self: Command) => {
    const { writeReport } = await import('../report/write-report.js')
    await writeReport(self.args, options)
  })
}
