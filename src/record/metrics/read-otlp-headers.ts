import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { messageOf, TcpconnError } from '../../base/errors.js'
import { isLoopback } from '../../options/is-loopback.js'
import type { OtlpTarget } from '../options/parse-metrics.js'

const MAX_FILE_BYTES = 16_384
/** Permissions of the group and of others */
const OTHERS = 0o077
/** Set by the encoding */
const RESERVED = new Set(['content-type', 'content-length', 'host', 'connection', 'transfer-encoding'])

/** Names in lower case */
export type Headers = Readonly<Record<string, string>>

/**
 * Headers of OTLP requests: those of OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_METRICS_HEADERS and the file; the
 * later one counts. Errors name headers, never their values.
 * @throws E_OTLP
 */
export function readOtlpHeaders({ url, headersFile }: OtlpTarget, env: NodeJS.ProcessEnv = process.env): Headers {
  const lists = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_METRICS_HEADERS'].flatMap((name) =>
    parseVariable(name, env[name] ?? ''),
  )
  const pairs = [...lists, ...(headersFile === null ? [] : parseFile(headersFile))]
  const headers = Object.fromEntries(pairs)
  if (pairs.length > 0 && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw wrong(
      `cannot send headers to ${url.origin}`,
      'everybody on the way could read them: http: is not encrypted',
      'use https:, or a receiver on this host',
    )
  }
  return headers
}

/** `key=value,key=value`, values percent-encoded (W3C Baggage). */
function parseVariable(variable: string, text: string): [string, string][] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part, i) => {
      const [name = '', value] = splitAt(part, '=')
      if (value === null)
        throw wrong(`${variable} is malformed`, `entry ${i + 1} has no =`, 'use name=value,name=value')
      return checkHeader(variable, name, decode(variable, value))
    })
}

function decode(variable: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong(`${variable} is malformed`, 'a % is not followed by a byte', 'write a % as %25')
  }
}

/** `Name: value` lines, as curl takes them; # begins a comment. */
function parseFile(path: string): [string, string][] {
  return readPrivate(path)
    .split('\n')
    .flatMap((line, i): [string, string][] => {
      if (/^\s*(#|$)/.test(line)) return []
      const [name = '', value] = splitAt(line, ':')
      if (value !== null) return [checkHeader(path, name, value)]
      throw wrong(`cannot use the headers of ${path}`, `line ${i + 1} has no colon`, 'write Name: value, a line each')
    })
}

function splitAt(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator)
  return at === -1 ? [text.trim(), null] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function checkHeader(source: string, name: string, value: string): [string, string] {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  } catch {
    throw wrong(
      `cannot use the headers of ${source}`,
      'a name or value has characters that HTTP does not allow',
      'correct it',
    )
  }
  if (!RESERVED.has(name.toLowerCase())) return [name.toLowerCase(), value]
  throw wrong(`cannot use the headers of ${source}`, `${name} is set by tcpconn`, 'remove it')
}

function readPrivate(path: string): string {
  try {
    // A FIFO without a writer would block.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const { mode, size } = requireRegular(path, fstatSync(fd))
      if ((mode & OTHERS) !== 0) {
        const reason = `its mode is ${(mode & 0o777).toString(8)}: group or others may access it`
        throw wrong(`cannot use the headers of ${path}`, reason, `chmod 600 ${path}`)
      }
      if (size <= MAX_FILE_BYTES) return readFileSync(fd, 'utf8')
      throw wrong(`cannot use the headers of ${path}`, `it is larger than ${MAX_FILE_BYTES} bytes`, 'name another file')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof TcpconnError) throw error
    throw wrong(`cannot use the headers of ${path}`, messageOf(error), 'name a file that the user of record may read')
  }
}

function requireRegular<Stat extends { isFile(): boolean }>(path: string, stat: Stat): Stat {
  if (stat.isFile()) return stat
  throw wrong(`cannot use the headers of ${path}`, 'it is not a regular file', 'name another file')
}

function wrong(what: string, reason: string, hint: string): TcpconnError {
  return new TcpconnError('E_OTLP', { what, reason, hint })
}
