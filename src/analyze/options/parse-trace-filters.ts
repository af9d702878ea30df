import { decodeBytes } from '../../attempt/byte-text.js'
import { parseFilters, type RawFilters } from '../../options/filters.js'
import { splitLists } from '../../options/parse-lists.js'
import type { AttemptFilters } from '../scan/attempt-filters.js'

/** @throws UsageError that names the option, the value and what is accepted */
export function parseTraceFilters(raw: RawFilters): AttemptFilters {
  return {
    ...parseFilters(raw),
    users: parseUsers(raw.uid ?? []),
    cgroups: [...new Set((raw.cgroup ?? []).flatMap(spellings))],
  }
}

/** A cgroup path as stored in traces, or with the escapes that systemd-cgls prints. */
function spellings(cgroup: string): string[] {
  return [cgroup, decodeBytes(Buffer.from(cgroup))]
}

/** Names are compared with the recorded ones: this host may have other users. */
function parseUsers(texts: readonly string[]): (number | string)[] {
  const users = splitLists('--uid', texts, 'user ids or names, like 1000 or www-data,1000')
  return users.map((user) => (/^\d{1,10}$/.test(user) ? Number(user) : user))
}
