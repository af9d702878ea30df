import type { Command } from 'commander'
import { EXPORT_FORMATS } from '../export/export-formats.js'
import type { ExportOptions } from '../export/export-trace.js'
import { addScopeOptions, addSourceOptions, choiceOption } from './scope-options.js'

const EXAMPLES = `
Examples:
  tcpconn export --format parquet -o trace.parquet
  tcpconn export tcpconn.db --session all --last 1h --outcome failed --format csv -o failed.csv
  tcpconn export host-a.db host-b.db --session all --format parquet --partition host,date -o connects
  tcpconn export tcpconn.db --session all --format parquet --partition host,date -o s3://archive/connects
  tcpconn export --format arrow | python3 analyze.py
  tcpconn export --from clickhouse://reader@db.example/tcpconn --host web1 --since 1h --format csv -o web1.csv`

/** Adds `export`. Loads the large packages of Arrow and Parquet only if they are used. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write attempts as Parquet, Arrow, CSV or JSON lines, with the columns of the view connects')
    .argument('[files...]', 'trace files, exported as one data set', ['tcpconn.db'])
    .addOption(choiceOption('--format <format>', 'output format', EXPORT_FORMATS).makeOptionMandatory())
    .option('-o, --output <file>', 'write to this new file, which appears when it is complete; - is stdout')
    .option(
      '--partition <keys>',
      'with Parquet: write a data set partitioned by host, date or host,date into --output, a directory or s3://BUCKET/PREFIX',
    )
    .option('-q, --quiet', 'no progress bar and no warnings')
  addScopeOptions(command, ['exact'])
  addSourceOptions(command)
  command.addHelpText('after', EXAMPLES).action(async (_: string[], options: ExportOptions, self: Command) => {
    const { exportTrace } = await import('../export/export-trace.js')
    await exportTrace(self.args, options)
  })
}
