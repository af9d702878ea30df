import { TOOL_VERSION } from '../version.js'
import { BCC_TOOLS, type BccOption, type BccTool } from './bcc-options.js'
import { parseArguments } from './parse-arguments.js'
import { renderAliasHelp } from './render-alias-help.js'
import { wrongUse } from './wrong-use.js'

/** Beyond it ns are not exact in a double: 104 days. */
const MAX_NS = 2 ** 53

/** What a command line of one of bcc's tools asks for: a text, or arguments of tcpconn. */
export type AliasRequest = { readonly text: string } | { readonly args: readonly string[] }

/** The name that the program was called by, if it is that of one of bcc's tools: of a link to it. `null` otherwise. */
export function findAlias(path: string): string | null {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return Object.hasOwn(BCC_TOOLS, toolName(name)) ? name : null
}

/** Debian and Ubuntu call bcc's tools tcpconnect-bpfcc and tcpconnlat-bpfcc. */
function toolName(name: string): string {
  return name.replace(/-bpfcc$/, '')
}

/**
 * Reads a command line of one of bcc's tools, of either of its editions.
 * @throws TcpconnError E_USAGE
 */
export function readAlias(name: string, args: readonly string[]): AliasRequest {
  const tool = BCC_TOOLS[toolName(name)] as BccTool
  const { given, operands } = parseArguments(name, tool, args)
  const options = given.map(([option]) => option)
  if (options.some(({ becomes }) => becomes === 'help')) return { text: renderAliasHelp(name, tool) }
  if (options.some(({ becomes }) => becomes === 'version')) return { text: `${name} (tcpconn) ${TOOL_VERSION}\n` }
  requireOneFamily(name, options)
  const words = given.map(([option, value]) => wordOf(name, option, value))
  // Of a repeated option the last counts, as it does in bcc; `live` takes all of them.
  const kept = new Map(words.flatMap((word) => (word === null ? [] : [[word.split('=', 1)[0], word]])))
  return { args: ['live', ...kept.values(), ...readOperands(name, tool, operands)] }
}

function wordOf(name: string, option: BccOption, value: string): string | null {
  const { becomes } = option
  if (typeof becomes === 'string') return null
  if ('refused' in becomes) throw wrongUse(name, `--${option.name} is not supported`, becomes.refused)
  return option.value === null ? becomes.live : `${becomes.live}=${value}`
}

function requireOneFamily(name: string, options: readonly BccOption[]): void {
  const [first, second] = ['4', '6'].filter((letter) => options.some((option) => option.letter === letter))
  if (second !== undefined) throw wrongUse(name, `-${first} and -${second} together`, 'one excludes the other')
}

function readOperands(name: string, tool: BccTool, [first, ...others]: readonly string[]): readonly string[] {
  if (first === undefined) return tool.columns
  const extra = tool.operand === null ? first : others[0]
  if (extra !== undefined) {
    const reason = tool.operand === null ? `${name} takes options only` : `${name} takes one minimum, in milliseconds`
    throw wrongUse(name, `${JSON.stringify(extra)} is too much`, reason)
  }
  return [`--latency=${readMilliseconds(name, first)}ns`]
}

/** @returns ns */
function readMilliseconds(name: string, text: string): number {
  const ns = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Math.round(Number(text) * 1e6) : NaN
  if (ns < MAX_NS) return ns
  throw wrongUse(name, `${JSON.stringify(text)} is not accepted`, 'the minimum is in milliseconds, like 10 or 0.5')
}
