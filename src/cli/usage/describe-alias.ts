import { BCC_TOOLS, type BccOption, type BccTool } from '../../bcc/bcc-options.js'
import type { CommandModel, OptionModel } from './command-model.js'

const PLAIN_VALUE = { isOptional: false, isAttached: false, words: [], isListed: false } as const

/** The bcc tool names of this program, each as a command. */
export function describeAliases(): readonly CommandModel[] {
  return Object.values(BCC_TOOLS).map(describeAlias)
}

function describeAlias({ tool, description, options, operand, examples }: BccTool): CommandModel {
  const lines = examples.map(([args, meaning]) => `  ${`sudo ${tool} ${args}`.padEnd(30)}  ${meaning}`)
  const value = { ...PLAIN_VALUE, isOptional: true, completion: 'nothing' } as const
  return {
    path: [tool],
    description,
    usage: operand === null ? '[options]' : `[options] [${operand.name}]`,
    arguments: operand === null ? [] : [{ ...value, ...operand }],
    // Refused options have no description.
    options: options.filter((option) => option.description !== '').map(describeOption),
    closing: ['Examples:', ...lines].join('\n'),
    commands: [],
  }
}

function describeOption({ letter, name, value, description }: BccOption): OptionModel {
  const completion = value === 'PATH' ? 'files' : 'nothing'
  return {
    short: letter === null ? null : `-${letter}`,
    long: `--${name}`,
    description,
    value: value === null ? null : { ...PLAIN_VALUE, name: value, completion },
    group: null,
  }
}
