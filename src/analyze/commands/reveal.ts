import type { Command } from 'commander'
import type { RevealOptions } from '../share/reveal.js'
import { choiceOption } from './scope-options.js'

const EXAMPLES = `
Examples:
  tcpconn reveal 10.83.4.17:443 --key tcpconn.key
  tcpconn reveal domain-7f3a9k2m prog-4b0x6w1z --key tcpconn.key --trace tcpconn.db`

/** Adds `reveal`. */
export function addReveal(program: Command): void {
  program
    .command('reveal')
    .description('print the originals of pseudonyms of a shared trace, with its key')
    .argument('<pseudonyms...>', 'addresses, also with a port, tokens, or names made of tokens')
    .option('--key <file>', 'the key that the trace was shared with')
    .option('--trace <file>', 'the original trace (default: tcpconn.db); needed for names, and to verify addresses')
    .addOption(
      choiceOption(
        '--level <level>',
        'level of the shared trace, for addresses that cannot be verified in the original trace',
        ['default', 'strict'],
      ).default('default'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (pseudonyms: string[], options: RevealOptions) => {
      const { reveal } = await import('../share/reveal.js')
      reveal(pseudonyms, options)
    })
}
