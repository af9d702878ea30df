import { join } from 'node:path'
import { ARCHIVE_KEY, type ArchivedSession } from '../export/parts/archived-session.js'
import { damagedFile, foreignFile } from './archive-fault.js'
import type { Duckdb } from './duckdb.js'
import type { ArchivePart } from './find-parts.js'
import type { Archive } from './open-archive.js'
import { parseFacts } from './parse-facts.js'

/** A copy of a file, or a link to it, with what it says of the session that it has attempts of. */
export interface FetchedPart {
  readonly part: ArchivePart
  readonly path: string
  readonly facts: ArchivedSession
}

/**
 * Copies or links files of a data set into a directory, and reads their metadata.
 * @throws E_ARCHIVE_FOREIGN, E_ARCHIVE_DAMAGED and the errors of the archive
 */
export async function fetchParts(
  archive: Archive,
  parts: readonly ArchivePart[],
  { duckdb, directory }: { readonly duckdb: Duckdb; readonly directory: string },
): Promise<FetchedPart[]> {
  const fetched: FetchedPart[] = []
  for (const [i, part] of parts.entries()) {
    // Names in a bucket may be anything, and DuckDB reads `*`, `?` and `[` in a path as a pattern: copies and links have numbers.
    const path = join(directory, `${i}.parquet`)
    await archive.fetch(part.name, path)
    fetched.push({ part, path, facts: await readFacts(duckdb, path, part) })
  }
  return fetched
}

async function readFacts(duckdb: Duckdb, path: string, { name, session }: ArchivePart): Promise<ArchivedSession> {
  const texts: unknown[] = []
  try {
    const sql = 'SELECT decode(value) FROM parquet_kv_metadata($path) WHERE decode(key) = $key'
    for await (const rows of duckdb.rows(sql, { path, key: ARCHIVE_KEY })) texts.push(...rows.flat())
  } catch (error) {
    throw damagedFile(name, error)
  }
  const [text] = texts
  if (typeof text !== 'string') throw foreignFile(name, `its metadata has no ${ARCHIVE_KEY}`)
  try {
    const facts = parseFacts(text).find(({ session_uuid: uuid }) => uuid === session)
    if (facts === undefined) throw new Error('its metadata is of other sessions than its name')
    return facts
  } catch (error) {
    throw damagedFile(name, error)
  }
}
