import type { BccOption, BccTool, Edition } from './bcc-options.js'
import { TcpconnError } from '../base/errors.js'

/** A parsed command line. */
export interface ParsedArguments {
  /** In command-line order; the value of a flag is '' */
  readonly given: readonly (readonly [option: BccOption, value: string])[]
  readonly operands: readonly string[]
}

/**
 * Parses arguments like argparse and getopt: `-tL`, `-p123`, `-p=123` and `-p 123`, `--pid=123` and `--pid 123`,
 * abbreviated long names, operands between options, and `--` before operands.
 * @throws TcpconnError E_USAGE
 */
export function parseArguments(name: string, tool: BccTool, args: readonly string[]): ParsedArguments {
  const left = [...args]
  const given: [BccOption, string][] = []
  const operands: string[] = []
  const valueOf = (shown: string, attached: string | undefined): string => {
    const value = attached ?? left.shift()
    if (value !== undefined) return value
    throw wrongUse(name, `${shown} has no value`, `${shown} requires a value`)
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
    throw wrongUse(name, `--${option.name} has a value: ${JSON.stringify(attached)}`, `--${option.name} takes no value`)
  }

  /** Letters without a value; the last letter may take one. */
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
  return wrongUse(name, `option ${JSON.stringify(typed)} is ambiguous`, `it matches ${names}`)
}

const EDITIONS: readonly Edition[] = ['python', 'libbpf']

/** The option with this long name or unique abbreviation in one of the editions; otherwise all candidates. */
function findLong(tool: BccTool, name: string): BccOption | readonly BccOption[] {
  const exact = tool.options.find((option) => option.name === name)
  if (exact) return exact
  const begun = tool.options.filter((option) => option.name.startsWith(name))
  const meant = EDITIONS.map((edition) => begun.filter(({ editions }) => editions.includes(edition)))
    .filter((options) => options.length === 1)
    .flat()
  const [only, ...others] = new Set(meant)
  return only !== undefined && others.length === 0 ? only : begun
}

function findLetter(tool: BccTool, letter: string): BccOption | undefined {
  return tool.options.find((option) => option.letter === letter)
}

/** Invalid usage of a bcc tool name. */
export function wrongUse(name: string, what: string, reason: string): TcpconnError {
  return new TcpconnError('E_USAGE', { what, reason, hint: aliasHint(name) })
}

export function aliasHint(name: string): string {
  return `see ${name} --help`
}
