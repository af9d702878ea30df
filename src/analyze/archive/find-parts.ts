import { encodePartition } from '../export/parts/partition-directory.js'
import { parsePartName, type ParsedPartName } from '../export/parts/part-name.js'
import { foreignFile } from './archive-fault.js'

/** A file of a data set, by its name. */
export interface ArchivePart extends ParsedPartName {
  readonly name: string
  /** As in its directory; `null`: the data set is not partitioned by host */
  readonly host: string | null
  /** `2026-01-31`; `null`: not partitioned by date, or no date */
  readonly date: string | null
}

const DATE = /^\d{4}-\d{2}-\d{2}$/
const DAY_NS = 86_400_000_000_000n

/** @throws E_ARCHIVE_FOREIGN */
export function findParts(names: readonly string[]): ArchivePart[] {
  return names.map((name) => {
    const directories = name.split('/')
    const parsed = parsePartName(directories.pop() ?? '')
    if (parsed === null) throw foreignFile(name, 'its name is not SESSION-FIRST-LAST.parquet')
    const valueOf = (key: string) => directories.find((one) => one.startsWith(`${key}=`))?.slice(key.length + 1) ?? null
    const date = valueOf('date')
    return { ...parsed, name, host: valueOf('host'), date: date !== null && DATE.test(date) ? date : null }
  })
}

/** Parts that may have something of the hosts. @param hosts none: all */
export function ofHosts(parts: readonly ArchivePart[], hosts: readonly string[]): ArchivePart[] {
  const encoded = new Set(hosts.map(encodePartition))
  return parts.filter(({ host }) => hosts.length === 0 || host === null || encoded.has(host))
}

/** Parts that may have something of a time in Unix ns. */
export function ofTime(parts: readonly ArchivePart[], since: bigint | null, until: bigint | null): ArchivePart[] {
  return parts.filter(({ date }) => {
    if (date === null) return true
    const startNs = BigInt(Date.parse(date)) * 1_000_000n
    return (since === null || startNs + DAY_NS > since) && (until === null || startNs < until)
  })
}

/** The hosts that the directories name. A name that was too long is not whole. */
export function hostsOfParts(parts: readonly ArchivePart[]): string[] {
  const hosts = new Set(parts.flatMap(({ host }) => host ?? []))
  return [...hosts].map(decodePartition).toSorted()
}

function decodePartition(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
