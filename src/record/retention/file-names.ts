import { hostname } from 'node:os'
import { basename, dirname, join, parse } from 'node:path'

const NS_PER_SECOND = 1_000_000_000n
/** Files that begin in the same second: up to 1000 have names that sort. */
export const MAX_SAME_SECOND = 1000

/** File names of a rotating recording, by start time: `tcpconn-20261125T221500Z.db` for `tcpconn.db`. */
export interface FileNames {
  readonly directory: string
  /** Base of the file names, like `tcpconn.db`; stored in sessions as rotation_base */
  readonly base: string
  /** The host name stored in the sessions of these files */
  readonly host: string
  /**
   * Names sort bytewise by time. @param count of existing files of the same second: the second file is
   * `tcpconn-20261125T221500Z_001.db`
   */
  pathAt(unixNs: bigint, count: number): string
  /** The start time in the name, in Unix seconds; `null` for other names. */
  secondOf(name: string): number | null
}

/** @param file as given on the command line; no file has this name itself */
export function createFileNames(file: string, host = hostname()): FileNames {
  const { name: stem, ext } = parse(file)
  const directory = dirname(file)
  const [head, tail] = [`${stem}-`, ext]
  return {
    directory,
    base: basename(file),
    host,
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

/** ISO 8601 basic format, without characters that are special in a shell or file system. */
function stampOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
}

function parseStamp(text: string): number | null {
  const stamp = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:_\d{3})?$/.exec(text)
  if (stamp === null) return null
  const [year, month, day, hour, minute, second] = stamp.slice(1).map(Number) as [number, ...number[]]
  const unixSeconds = Date.UTC(year, (month as number) - 1, day, hour, minute, second) / 1000
  // Rejects dates like February 31.
  return text.startsWith(stampOf(unixSeconds)) ? unixSeconds : null
}
