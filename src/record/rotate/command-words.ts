/**
 * Whether a command line, as sessions store it, is one of `record --rotate`. Words are quoted as by a shell; what stands
 * behind `--` is another program's.
 */
export function asksToRotate(commandLine: string): boolean {
  const words = splitWords(commandLine)
  const end = words.indexOf('--')
  const own = end === -1 ? words : words.slice(0, end)
  return own[1] === 'record' && own.some((word) => word === '--rotate' || word.startsWith('--rotate='))
}

function splitWords(commandLine: string): string[] {
  const words = commandLine.match(/(?:'[^']*'|\\.|[^\s'\\])+/gs) ?? []
  return words.map((word) => word.replaceAll(/'([^']*)'|\\(.)/gs, '$1$2'))
}
