import type { Command } from 'commander'
import { collect } from '../../options/add-filter-options.js'
import { FIELD_NAMES, LEVELS } from '../share/fields.js'
import type { ShareOptions } from '../share/share.js'
import { addScopeOptions, choiceOption, refuseSource } from './scope-options.js'

const EXAMPLES = `
Examples:
  tcpconn share tcpconn.db -o shared.db
  tcpconn share --key ~/.tcpconn.key --last 1h -o shared.db
  tcpconn share --level strict --keep comm --dry-run`

const SHARE_FILES = 'share the trace of a host, there: tcpconn share FILE -o shared.db; push accepts shared traces too'

/** Adds `share`. */
export function addShare(program: Command): void {
  const command = program
    .command('share')
    .description('write a trace with pseudonyms instead of names and addresses, to give to others')
    .argument('[files...]', 'trace files, written as one trace', ['tcpconn.db'])
    .option('-o, --output <file>', 'write to this new file, which appears when it is complete')
    .addOption(choiceOption('--level <level>', 'what is replaced', LEVELS).default('default'))
    .option('--keep <fields>', `do not replace these fields, separated by commas: ${FIELD_NAMES.join(', ')}`, collect)
    .option('--drop <fields>', 'leave these fields out', collect)
    .option('--key <file>', 'make the pseudonyms with the key in this file, created if it does not exist')
    .option('--dry-run', 'print what would be kept, replaced and dropped, and write nothing')
  addScopeOptions(command, ['exact'])
  refuseSource(command, SHARE_FILES)
  command.addHelpText('after', EXAMPLES).action(async (files: string[], options: ShareOptions) => {
    const { share } = await import('../share/share.js')
    await share(files, options)
  })
}
