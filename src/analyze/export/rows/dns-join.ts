import type { Trace } from '../../scan/trace.js'
import type { AttemptRows } from './attempt-rows.js'
import type { ExportEntities } from './entities.js'
import type { AttemptCodes } from './read-attempts.js'

type DnsRow = [attemptId: bigint, nameId: bigint, ageNs: bigint, lookupNs: bigint | null, candidates: bigint | null]

/** Adds the names of attempts and the facts of their lookups. Most traces have none. */
export function createDnsJoin(
  { lookup }: Trace,
  { numbers }: ExportEntities,
  { dnsCandidates }: Pick<AttemptCodes, 'dnsCandidates'>,
): (rows: AttemptRows) => void {
  const dnsName = [...numbers].find(([trace]) => trace.lookup === lookup)?.[1].dnsName
  const hasNames = lookup.prepare('SELECT EXISTS (SELECT 1 FROM connect_dns)').pluck().get() === 1
  const find = lookup
    .prepare(
      `SELECT attempt_id, dns_name_id, dns_age_ns, dns_lookup_ns, dns_candidates FROM connect_dns WHERE attempt_id >= ? AND attempt_id <= ?
       ORDER BY attempt_id`,
    )
    .raw()
    .safeIntegers()
  return (rows) => {
    clearNames(rows)
    if (!hasNames) return
    let i = 0
    const known = find.iterate(rows.attemptId[0], rows.attemptId[rows.count - 1]) as IterableIterator<DnsRow>
    for (const [attemptId, nameId, ageNs, lookupNs, candidates] of known) {
      while (i < rows.count && (rows.attemptId[i] as number) < Number(attemptId)) i++
      if (rows.attemptId[i] !== Number(attemptId) || i >= rows.count) continue
      rows.dnsName[i] = dnsName?.get(Number(nameId)) ?? -1
      rows.dnsAgeNs[i] = ageNs
      rows.hasNoDnsAge[i] = 0
      rows.dnsLookupNs[i] = lookupNs ?? 0n
      rows.hasNoDnsLookup[i] = lookupNs === null ? 1 : 0
      rows.dnsCandidates[i] = candidates === null ? -1 : dnsCandidates.codeOf(Number(candidates))
    }
  }
}

function clearNames(rows: AttemptRows): void {
  rows.dnsName.fill(-1, 0, rows.count)
  rows.dnsAgeNs.fill(0n, 0, rows.count)
  rows.hasNoDnsAge.fill(1, 0, rows.count)
  rows.dnsLookupNs.fill(0n, 0, rows.count)
  rows.hasNoDnsLookup.fill(1, 0, rows.count)
  rows.dnsCandidates.fill(-1, 0, rows.count)
}
