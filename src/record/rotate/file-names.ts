import { basename, dirname, join, parse } from 'node:path'

const NS_PER_SECOND = 1_000_000_000n
/** Files that begin in the same second: 1000 of them have names that sort. */
export const MAX_SAME_SECOND = 1000

/** Names of the files of a rotating recording: `tcpconn-20261125T221500Z.db` for `tcpconn.db`, by the time of their begin. */
export interface FileNames {
  readonly directory: string
  /**
   * Bytewise, names sort by time. @param count of files of the same second that are there: the second one is
   * `tcpconn-20261125T221500Z_001.db`
   */
  pathAt(unixNs: bigint, count: number): string
  /** The second that a name stands for, `null` for a name that is none of these. */
  secondOf(name: string): number | null
}

/** @param file as named on the command line; there is never a file of that name itself */
export function createFileNames(file: string): FileNames {
  const { name: stem, ext } = parse(file)
  const directory = dirname(file)
  const [head, tail] = [`${stem}-`, ext]
  return {
    directory,
    pathAt(unixNs, count) {
      const suffix = count === 0 ? '' : `_${String(count).padStart(3, '0')}`
      const base = `${head}${stampOf(Number(unixNs / NS_PER_SECOND))}${suffix}${tail}`
      return basename(file) === file ? base : join(directory, base)
    },
    secondOf(name) {
      if (!name.startsWith(head) || !name.endsWith(tail)) return null
      return parseStamp(name.slice(head.length, name.length - tail.length))
    },
  }
}

/** ISO 8601 in its basic form, which holds nothing that a shell or another system minds. */
function stampOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
}

function parseStamp(text: string): number | null {
  const stamp = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:_\d{3})?$/.exec(text)
  if (stamp === null) return null
  const [year, month, day, hour, minute, second] = stamp.slice(1).map(Number) as [number, ...number[]]
  const unixSeconds = Date.UTC(year, (month as number) - 1, day, hour, minute, second) / 1000
  // The 31st of February is no name of ours.
  return text.startsWith(stampOf(unixSeconds)) ? unixSeconds : null
}
