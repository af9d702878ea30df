import { TOOL_VERSION } from '../base/package.js'
import { BCC_TOOLS, type BccOption, type BccTool } from './bcc-options.js'
import { parseArguments, wrongUse } from './parse-arguments.js'
import { renderAliasHelp } from './render-alias-help.js'

/** 104 days. Larger ns values are not exact in a double. */
const MAX_NS = 2 ** 53

/** The result of a bcc command line: text to print, or arguments of tcpconn. */
export type AliasRequest = { readonly text: string } | { readonly args: readonly string[] }

/** The name the program was called by, if it is the name of a bcc tool (a link). `null` otherwise. */
export function findAlias(path: string): string | null {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return Object.hasOwn(BCC_TOOLS, toolName(name)) ? name : null
}

/** Debian and Ubuntu name bcc's tools tcpconnect-bpfcc and tcpconnlat-bpfcc. */
function toolName(name: string): string {
  return name.replace(/-bpfcc$/, '')
}

/**
 * Parses a command line of a bcc tool, of either edition.
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
  // The last of repeated options counts, as in bcc; `live` would use all of them.
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
  if (second !== undefined) throw wrongUse(name, `-${first} and -${second} together`, 'they exclude each other')
}

function readOperands(name: string, tool: BccTool, [first, ...others]: readonly string[]): readonly string[] {
  if (first === undefined) return tool.columns
  const extra = tool.operand === null ? first : others[0]
  if (extra !== undefined) {
    const reason =
      tool.operand === null
        ? `${name} takes only options`
        : `${name} takes one argument, the minimum latency in milliseconds`
    throw wrongUse(name, `unexpected argument ${JSON.stringify(extra)}`, reason)
  }
  return [`--latency=${readMilliseconds(name, first)}ns`]
}

/** @returns ns */
function readMilliseconds(name: string, text: string): number {
  const ns = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Math.round(Number(text) * 1e6) : NaN
  if (ns < MAX_NS) return ns
  throw wrongUse(
    name,
    `${JSON.stringify(text)} is not accepted`,
    'the minimum latency is in milliseconds, like 10 or 0.5',
  )
}
