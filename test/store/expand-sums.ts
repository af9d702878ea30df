import type { Database } from 'better-sqlite3'
import { OUTCOMES } from '../../src/attempt/outcome.js'

const KEYS = { endpoint: 'endpoint_id', process: 'process_id', second: 'unix_second' }

/** One row of the sums of a window, decoded as in src/sums/sums-blob.ts. */
interface Sums {
  readonly id: number
  readonly counts: number[]
  readonly max: number | null
  readonly buckets: Uint8Array | null
  readonly endpointIds: Uint8Array | null
}

/**
 * Creates the temporary tables endpoint_latency, process_latency and second_latency from window_sums, with one row per
 * sum.
 */
export function expandSums(db: Database): void {
  for (const [dimension, key] of Object.entries(KEYS)) {
    db.exec(`DROP TABLE IF EXISTS temp.${dimension}_latency; CREATE TEMP TABLE ${dimension}_latency
      (window_id, ${key}, ${OUTCOMES.join(', ')}, syn_retransmits, max_latency_ns, buckets, endpoint_ids)`)
    const insert = db.prepare(`INSERT INTO temp.${dimension}_latency VALUES (${Array(14).fill('?').join(', ')})`)
    const select = db.prepare('SELECT window_id, sums FROM window_sums WHERE dimension = ?').raw()
    for (const [windowId, blob] of select.all(dimension) as [number, Uint8Array][]) {
      for (const { id, counts, max, buckets, endpointIds } of decodeSums(blob)) {
        insert.run(windowId, id, ...counts, max, buckets, endpointIds)
      }
    }
  }
}

function decodeSums(blob: Uint8Array): Sums[] {
  let at = 0
  const next = (): number => {
    const byte = blob[at++] as number
    return byte < 128 ? byte : byte - 128 + 128 * next()
  }
  const nextBytes = () => {
    const length = next()
    at += length
    return blob.slice(at - length, at)
  }
  const all: Sums[] = []
  for (let id = 0; at < blob.length;) {
    id += next()
    const mask = next()
    const counts = Array.from({ length: OUTCOMES.length + 1 }, (_, i) => ((mask >> i) & 1 ? next() : 0))
    const hasLatencies = ((mask >> 9) & 1) === 1
    const max = hasLatencies ? next() : null
    const buckets = hasLatencies ? nextBytes() : null
    const endpointIds = (mask >> 10) & 1 ? nextBytes() : null
    all.push({ id, counts, max, buckets, endpointIds })
  }
  return all
}
