import { formatPlural } from '../../text/format-number.js'
import { joinRanges, without } from '../remote/id-ranges.js'
import { damagedFile } from './archive-fault.js'
import type { Duckdb } from './duckdb.js'
import type { FoundArchived } from './find-archived.js'
import type { ArchivePart } from './find-parts.js'
import { groupBy } from './group-by.js'
import type { FetchedPart } from './read-facts.js'

/** Lines about recorded attempts that no file has. */
export async function describeMissing(
  sessions: readonly FoundArchived[],
  all: readonly ArchivePart[],
  duckdb: Duckdb,
): Promise<string[]> {
  const parts = groupBy(all, ({ session }) => session)
  let [count, lacking, selected] = [0, 0, 0]
  for (const session of sessions) {
    const own = parts.get(session.facts.session_uuid) ?? []
    const missing = await countMissing(session, own, duckdb)
    if (missing === 0) continue
    if (own.some(({ isSelection }) => isSelection)) selected++
    else {
      count += missing
      lacking++
    }
  }
  return [
    ...(count > 0
      ? [
          `${formatPlural(count, 'attempt')} of ${formatPlural(lacking, 'session')} are not in the data set: not exported, or removed`,
        ]
      : []),
    ...(selected > 0
      ? [`${formatPlural(selected, 'session')} exported with filters or times: other attempts are not in the data set`]
      : []),
  ]
}

/**
 * Counts attempts of a session that no file has. If files of other days were not fetched, by the names of files: those of several days
 * may overlap, so that fewer are counted than are missing.
 */
async function countMissing(
  { facts, parts }: FoundArchived,
  own: readonly ArchivePart[],
  duckdb: Duckdb,
): Promise<number> {
  const { first_attempt_id: first, attempts } = facts
  if (attempts === 0) return 0
  if (parts.length === own.length) return attempts - (await countAttempts(parts, duckdb))
  const whole = joinRanges(own.filter(({ isSelection }) => !isSelection))
  const left = without([{ first, last: first + attempts - 1 }], whole)
  return left.reduce((sum, range) => sum + range.last - range.first + 1, 0)
}

async function countAttempts(parts: readonly FetchedPart[], duckdb: Duckdb): Promise<number> {
  const selects = parts.map((_, i) => `SELECT attempt_id FROM read_parquet($path${i}, hive_partitioning = false)`)
  const paths = Object.fromEntries(parts.map(({ path }, i) => [`path${i}`, path]))
  let count = 0
  try {
    const sql = `SELECT count(*) FROM (${selects.join(' UNION ')})`
    for await (const rows of duckdb.rows(sql, paths)) count += Number(rows[0]?.[0] ?? 0)
    return count
  } catch (error) {
    throw damagedFile(parts.at(-1)?.part.name ?? '', error)
  }
}
