import type { Server, StatementOptions } from '../../clickhouse/connect.js'
import { formatAddress } from '../../clickhouse/parse-url.js'
import { TcpconnError } from '../../base/errors.js'

/** A value of JSON. 64-bit integers are texts. */
export type RemoteCell = string | number | null
export type RemoteRow = readonly RemoteCell[]

const SETTINGS = { output_format_json_quote_64bit_integers: 1 } as const
const MAX_SHOWN = 300

/**
 * The rows of a query as they arrive.
 * @throws the errors of `Server`, and E_FLEET_REFUSED if the answer breaks off
 */
export async function* readRows(
  server: Server,
  sql: string,
  values: NonNullable<StatementOptions['values']>,
): AsyncGenerator<RemoteRow> {
  const stream = await server.read(`${sql} FORMAT JSONCompactEachRow`, { values, settings: SETTINGS })
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() as string
    for (const line of lines) if (line !== '') yield parseRow(server, line)
  }
  if (rest !== '') yield parseRow(server, rest)
}

/** After the first rows, an error of the server is a text among them. */
function parseRow(server: Server, line: string): RemoteRow {
  try {
    const row: unknown = JSON.parse(line)
    if (Array.isArray(row)) return row as RemoteRow
  } catch {
    // Reported below.
  }
  throw new TcpconnError('E_FLEET_REFUSED', {
    what: `${formatAddress(server.address)} broke off its answer`,
    reason: line.slice(0, MAX_SHOWN),
    hint: 'select fewer hosts with --host, or less time with --since and --until; the log of the server has more',
  })
}

/** A number that the server sent as a text. Ids and times of a session are exact. */
export function numberOf(cell: RemoteCell | undefined): number {
  return Number(cell ?? 0)
}
