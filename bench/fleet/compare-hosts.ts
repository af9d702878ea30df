import { crc32 } from 'node:zlib'
import { openTrace } from '../../src/store/open-trace.js'
import type { ClickhouseServer } from '../../test/support/clickhouse-server.js'

/** The attempts of a host: their number, and the sum of a checksum of each. */
interface HostSums {
  readonly attempts: number
  readonly ids: number
  readonly checksum: number
  /** Rows of `endpoint` and `window_sums` */
  readonly endpoints: number
  readonly sums: number
}

/** A row of connect_attempt, as SQL over the trace and over the table `attempts`. */
const COLUMNS = {
  attempt_id: 'attempt_id',
  started_ns: 'session_ns',
  latency_ns: 'latency_ns',
  outcome: 'toInt8(outcome)',
  errno: 'errno',
  syn_retransmits: 'syn_retransmits',
  flags: 'flags',
  process_id: 'process_id',
  tid_delta: 'toInt64(tid) - toInt64(pid)',
  endpoint_id: 'endpoint_id',
  local_endpoint: 'local_address_id * 65536 + ifnull(local_port, 0)',
}

/** How the attempts of hosts on a server differ from those of their traces. */
export interface Differences {
  /** Attempts that the server lacks, of all hosts */
  readonly missing: number
  /** Rows more than attempts, which queries would count twice */
  readonly twice: number
  /** Hosts of which something else differs */
  readonly others: number
}

/** Compares every attempt. @param traces a trace for each host */
export async function compareHosts(server: ClickhouseServer, traces: readonly string[]): Promise<Differences> {
  const stored = await readStored(server)
  let [missing, twice, others] = [0, 0, 0]
  for (const path of traces) {
    const { host, ...expected } = readTrace(path)
    const found = stored.get(host) ?? { attempts: 0, ids: 0, checksum: 0, endpoints: 0, sums: 0 }
    missing += Math.max(0, expected.ids - found.ids)
    twice += found.attempts - found.ids
    const isSame = (Object.keys(expected) as (keyof HostSums)[]).every((name) => expected[name] === found[name])
    if (!isSame && found.attempts === expected.attempts) others++
  }
  return { missing, twice, others }
}

function readTrace(path: string): HostSums & { readonly host: string } {
  const db = openTrace(path)
  try {
    db.function('checksum', { deterministic: true }, (row) => crc32(String(row)))
    const row = Object.keys(COLUMNS).map((column) => `ifnull(${column}, '')`)
    const select = db.prepare(
      `SELECT (SELECT host FROM session) AS host, count(*) AS attempts, count(DISTINCT attempt_id) AS ids,
        sum(checksum(${row.join(" || ',' || ")})) AS checksum, (SELECT count(*) FROM endpoint) AS endpoints,
        (SELECT count(*) FROM window_sums) AS sums FROM connect_attempt`,
    )
    return select.get() as HostSums & { readonly host: string }
  } finally {
    db.close()
  }
}

async function readStored(server: ClickhouseServer): Promise<Map<string, HostSums>> {
  const row = Object.values(COLUMNS).map((column) => `ifNull(toString(${column}), '')`)
  const count = (table: string) =>
    server.query<{ host: string; rows: string }>(`SELECT host, count() AS rows FROM fleet.${table} FINAL GROUP BY host`)
  const attempts = await server.query<Record<keyof HostSums | 'host', string>>(
    `SELECT host, count() AS attempts, uniqExact(session_uuid, attempt_id) AS ids,
      sum(CRC32(concat(${row.join(", ',', ")}))) AS checksum FROM fleet.attempts FINAL GROUP BY host`,
  )
  const [endpoints, sums] = await Promise.all(['trace_endpoint', 'trace_window_sums'].map(count))
  const countOf = (rows: typeof endpoints, host: string) => Number(rows?.find((one) => one.host === host)?.rows ?? 0)
  return new Map(
    attempts.map(({ host, ...one }): [string, HostSums] => [
      host,
      {
        attempts: Number(one.attempts),
        ids: Number(one.ids),
        checksum: Number(one.checksum),
        endpoints: countOf(endpoints, host),
        sums: countOf(sums, host),
      },
    ]),
  )
}
