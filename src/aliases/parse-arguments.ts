import type { BccOption, BccTool } from './bcc-options.js'
import { findLetter, findLong } from './find-option.js'
import { wrongUse } from './wrong-use.js'

/** A command line, taken apart. */
export interface ParsedArguments {
  /** In their order; the value of a flag is '' */
  readonly given: readonly (readonly [option: BccOption, value: string])[]
  readonly operands: readonly string[]
}

/**
 * Takes arguments apart as argparse and getopt do: `-tL`, `-p123`, `-p=123` and `-p 123`, `--pid=123` and `--pid 123`, long
 * names cut short, operands between options, and `--` before what is none.
 * @throws TcpconnError E_USAGE
 */
export function parseArguments(name: string, tool: BccTool, args: readonly string[]): ParsedArguments {
  const left = [...args]
  const given: [BccOption, string][] = []
  const operands: string[] = []
  const valueOf = (shown: string, attached: string | undefined): string => {
    const value = attached ?? left.shift()
    if (value !== undefined) return value
    throw wrongUse(name, `${shown} has no value`, `${shown} takes one`)
  }
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === '--') operands.push(...left.splice(0))
    else if (arg.startsWith('--')) given.push(takeLong(arg))
    else if (arg.startsWith('-') && arg.length > 1) given.push(...takeLetters(arg))
    else operands.push(arg)
  }
  return { given, operands }

  function takeLong(arg: string): [BccOption, string] {
    const [, typed = '', attached] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? []
    const found = findLong(tool, typed)
    if (Array.isArray(found)) throw unknown(name, `--${typed}`, found)
    const option = found as BccOption
    if (option.value !== null) return [option, valueOf(`--${option.name}`, attached)]
    if (attached === undefined) return [option, '']
    throw wrongUse(name, `--${option.name} has a value: ${JSON.stringify(attached)}`, `--${option.name} takes none`)
  }

  /** Letters without a value, of which the last may be one with it. */
  function takeLetters(arg: string): [BccOption, string][] {
    const taken: [BccOption, string][] = []
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] as string
      const option = findLetter(tool, letter)
      if (!option) throw unknown(name, `-${letter}`, [])
      const rest = arg.slice(at + 1).replace(/^=/, '')
      if (option.value === null) taken.push([option, ''])
      else return [...taken, [option, valueOf(`-${letter}`, at + 1 < arg.length ? rest : undefined)]]
    }
    return taken
  }
}

function unknown(name: string, typed: string, meant: readonly BccOption[]) {
  if (meant.length === 0) return wrongUse(name, `unknown option ${JSON.stringify(typed)}`, `${name} has no such option`)
  const names = meant.map((option) => `--${option.name}`).join(', ')
  return wrongUse(name, `${JSON.stringify(typed)} is not one option`, `it may mean ${names}`)
}
