import type { BccOption, BccTool } from './bcc-options.js'

/** Output of `--help` if the program was called by `name`. */
export function renderAliasHelp(name: string, { tool, description, options, operand, examples }: BccTool): string {
  const listed = options.filter(({ becomes }) => typeof becomes === 'string' || 'live' in becomes)
  const rows = listed.map((option) => [flagsOf(option), option.description] as const)
  const operands = operand === null ? [] : [[operand.name, operand.description] as const]
  const lines = (entries: readonly (readonly [string, string])[]) => {
    const width = Math.max(...entries.map(([left]) => left.length))
    return entries.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
  }
  return [
    `Usage: ${name} [options]${operand === null ? '' : ` [${operand.name}]`}`,
    '',
    description,
    `Accepts the options of bcc's ${tool} and runs tcpconn live.`,
    '',
    'Options:',
    ...lines([...operands, ...rows]),
    '',
    'Examples:',
    ...lines(examples.map(([args, meaning]) => [`sudo ${name} ${args}`, meaning])),
    '',
    'See tcpconn live --help for outcomes, containers, JSON and recording.',
    '',
  ].join('\n')
}

function flagsOf({ letter, name, value }: BccOption): string {
  return `${letter === null ? '    ' : `-${letter}, `}--${name}${value === null ? '' : ` ${value}`}`
}
