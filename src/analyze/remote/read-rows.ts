import type { Server, StatementOptions } from '../../clickhouse/connect.js'
import { formatServerAddress } from '../../clickhouse/parse-url.js'
import { TcpconnError } from '../../base/errors.js'

/** A value of JSON. 64-bit integers are texts. */
export type RemoteCell = string | number | null
export type RemoteRow = readonly RemoteCell[]

const SETTINGS = {
  output_format_json_quote_64bit_integers: 1,
  // Otherwise the server writes an error of a running query as one more row.
  http_write_exception_in_output_format: 0,
} as const
const MAX_SHOWN = 300
/** Begins the text of an error after the first rows. */
const EXCEPTION = '__exception__'
const ERROR = /__exception__|^Code: \d+\./

/**
 * The rows of a query as they arrive.
 * @throws the errors of `Server`, and E_FLEET_REFUSED if the answer breaks off
 */
export async function* readRows(
  server: Server,
  sql: string,
  values: NonNullable<StatementOptions['values']>,
): AsyncGenerator<RemoteRow> {
  // The first row has the names of the columns, so each row can be checked.
  const lines = readLines(
    await server.read(`${sql} FORMAT JSONCompactEachRowWithNames`, { values, settings: SETTINGS }),
  )
  let width: number | null = null
  for await (const line of lines) {
    if (line === '') continue
    const row = parseRow(line)
    if (row === null || (width !== null && row.length !== width)) throw await brokenAnswer(server, line, lines)
    if (width === null) width = row.length
    else yield row
  }
}

async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of bytes) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() as string
      yield* lines
    }
  } catch (error) {
    // The end of the connection hides the error of the server before it.
    if (ERROR.test(rest)) yield rest
    throw error
  }
  yield rest
}

/** `null`: not a row */
function parseRow(line: string): RemoteRow | null {
  try {
    const row: unknown = JSON.parse(line)
    return Array.isArray(row) ? (row as RemoteRow) : null
  } catch {
    return null
  }
}

/** After the first rows, an error of the server is a text among them. */
async function brokenAnswer(server: Server, line: string, rest: AsyncIterable<string>): Promise<TcpconnError> {
  let text = line
  try {
    for await (const next of rest) if (text.length < 10 * MAX_SHOWN) text += `\n${next}`
  } catch {
    // The error that the text names ended the connection.
  }
  return new TcpconnError('E_FLEET_REFUSED', {
    what: `${formatServerAddress(server.address)} broke off its answer`,
    reason: reasonOf(text),
    hint: 'select fewer hosts with --host, or less time with --since and --until; the log of the server has more',
  })
}

/** The text of an error: after its mark and a tag, and before the tag and the mark again. Older servers write the text alone. */
function reasonOf(text: string): string {
  const [before = '', marked = ''] = text.split(EXCEPTION)
  const reason = /Code: \d+\..*/s.exec(marked)?.[0] ?? (marked.trim() || before.trim())
  return reason.split(/\r?\n/)[0]?.slice(0, MAX_SHOWN) || 'the answer has no row here'
}

/** A number that the server sent as a text. Ids and times of a session are exact. */
export function numberOf(cell: RemoteCell | undefined): number {
  return Number(cell ?? 0)
}
