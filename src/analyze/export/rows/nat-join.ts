import type { Trace } from '../../scan/trace.js'
import type { AttemptRows } from './attempt-rows.js'
import type { ExportEntities } from './entities.js'
import type { IdIndex } from './id-index.js'

type NatRow = [attemptId: bigint, natId: bigint | null, serviceId: bigint | null]

/** Fills in the other addresses of attempts. Most traces have none at all. */
export function createNatJoin(trace: Trace, { numbers }: ExportEntities): (rows: AttemptRows) => void {
  const known = numbers.get(trace)
  const hasAddresses = trace.lookup.prepare('SELECT EXISTS (SELECT 1 FROM connect_nat)').pluck().get() === 1
  const find = trace.lookup
    .prepare(
      `SELECT attempt_id, nat_endpoint_id, service_endpoint_id FROM connect_nat WHERE attempt_id >= ? AND attempt_id <= ?
       ORDER BY attempt_id`,
    )
    .raw()
    .safeIntegers()
  const numberOf = (index: IdIndex | undefined, id: bigint | null) =>
    id === null ? -1 : (index?.get(Number(id)) ?? -1)
  return (rows) => {
    rows.natEndpoint.fill(-1, 0, rows.count)
    rows.serviceEndpoint.fill(-1, 0, rows.count)
    if (!hasAddresses) return
    let i = 0
    const found = find.iterate(rows.attemptId[0], rows.attemptId[rows.count - 1]) as IterableIterator<NatRow>
    for (const [attemptId, natId, serviceId] of found) {
      while (i < rows.count && (rows.attemptId[i] as number) < Number(attemptId)) i++
      if (rows.attemptId[i] !== Number(attemptId) || i >= rows.count) continue
      rows.natEndpoint[i] = numberOf(known?.natEndpoint, natId)
      rows.serviceEndpoint[i] = numberOf(known?.serviceEndpoint, serviceId)
    }
  }
}
