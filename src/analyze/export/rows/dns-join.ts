import type { Trace } from '../../trace/trace.js'
import type { AttemptRows } from './attempt-rows.js'
import type { Entities } from './entities.js'

/** Fills in the names that were looked up before attempts, and how long before. Most traces have none at all. */
export function createDnsJoin({ lookup }: Trace, { numbers }: Entities): (rows: AttemptRows) => void {
  const dnsName = [...numbers].find(([trace]) => trace.lookup === lookup)?.[1].dnsName
  const hasNames = lookup.prepare('SELECT EXISTS (SELECT 1 FROM connect_dns)').pluck().get() === 1
  const find = lookup
    .prepare(
      `SELECT attempt_id, dns_name_id, dns_age_ns FROM connect_dns WHERE attempt_id >= ? AND attempt_id <= ?
       ORDER BY attempt_id`,
    )
    .raw()
    .safeIntegers()
  return (rows) => {
    rows.dnsName.fill(-1, 0, rows.count)
    rows.dnsAgeNs.fill(0n, 0, rows.count)
    rows.hasNoDnsAge.fill(1, 0, rows.count)
    if (!hasNames) return
    let i = 0
    const found = find.iterate(rows.attemptId[0], rows.attemptId[rows.count - 1]) as IterableIterator<bigint[]>
    for (const [attemptId, nameId, ageNs] of found) {
      while (i < rows.count && (rows.attemptId[i] as number) < Number(attemptId)) i++
      if (rows.attemptId[i] !== Number(attemptId) || i >= rows.count) continue
      rows.dnsName[i] = dnsName?.get(Number(nameId)) ?? -1
      rows.dnsAgeNs[i] = ageNs as bigint
      rows.hasNoDnsAge[i] = 0
    }
  }
}
