import type { Command } from 'commander'
import { EXPORT_FORMATS } from '../export/export-formats.js'
import type { ExportOptions } from '../export/export-trace.js'
import { choiceOption } from './choice-option.js'
import { addScopeOptions } from './scope-options.js'

const EXAMPLES = `
Examples:
  tcpconn export --format parquet -o trace.parquet
  tcpconn export tcpconn.db --session all --last 1h --outcome failed --format csv -o failed.csv
  tcpconn export host-a.db host-b.db --session all --format parquet --partition host,date -o connects
  tcpconn export --format arrow | python3 analyze.py`

/** Adds `export`. Arrow and Parquet bring large packages along: they are loaded when something is exported. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write attempts as Parquet, Arrow, CSV or JSON lines, with the columns of the view connects')
    .argument('[files...]', 'trace files, exported as one, with the column host', ['tcpconn.db'])
    .addOption(choiceOption('--format <format>', 'what to write', EXPORT_FORMATS).makeOptionMandatory())
    .option('-o, --output <file>', 'write into this new file, which appears when it is whole; - is stdout')
    .option('--partition <keys>', 'a Parquet data set in directories, by host, date or host,date, below the output')
    .option('-q, --quiet', 'neither progress nor warnings')
  addScopeOptions(command, ['exact'])
  command.addHelpText('after', EXAMPLES).action(async (files: string[], options: ExportOptions) => {
    const { exportTrace } = await import('../export/export-trace.js')
    await exportTrace(files, options)
  })
}
