import type { Database } from 'better-sqlite3'
import { containerKey, identifyContainer, type ContainerIdentity } from '../../attempt/container-identity.js'
import { createAgingMap } from '../dns/aging-map.js'
import { mergeFacts, type ContainerFacts } from '../runtimes/container-facts.js'
import type { Transaction } from './transaction.js'

/** Limit of containers whose names are looked for. Anyone can make cgroups that look like containers. */
const MAX_UNNAMED = 65_536
/** Limit of containers whose names one call looks for, so that it delays the reading of the ring by milliseconds. */
const MAX_PER_CALL = 4096

/** What the files of runtimes tell of the container of a cgroup, by its `containerKey`; `undefined`: nothing yet. */
export type FindContainerFacts = (key: string, cgroup: string) => ContainerFacts | undefined

/** Rows of the table `container`. */
export interface ContainerStore {
  /** Finds or inserts the row of a cgroup's container. @returns `null` outside of containers */
  rowOf(cgroup: string | null): number | null
  /** Number of containers of this session without a name. */
  unnamedCount(): number
  /**
   * Adds names that became known. Throws errors of SQLite, after which it can be called again.
   * @param isLast looks for all of them, not only for the next ones
   */
  addNames(inTransaction: Transaction, isLast: boolean): void
}

interface Unnamed {
  readonly key: string
  readonly identity: ContainerIdentity
  /** One of its cgroups */
  readonly cgroup: string
}

/** @param nested keys of containers in which others run; it only grows */
export function createContainerStore(
  db: Database,
  sessionId: number,
  findFacts: FindContainerFacts,
  nested: ReadonlySet<string> = new Set(),
): ContainerStore {
  // Not in the trace, but like its rows gone after a rollback.
  db.exec(`CREATE TEMP TABLE IF NOT EXISTS container_row (
    session_id INTEGER, key TEXT, container_key INTEGER, PRIMARY KEY (session_id, key)) WITHOUT ROWID`)
  const find = db.prepare('SELECT container_key FROM temp.container_row WHERE session_id = ? AND key = ?').pluck()
  const keep = db.prepare('INSERT INTO temp.container_row VALUES (?, ?, ?)')
  const insert = db.prepare('INSERT INTO container VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const update =
    db.prepare(`UPDATE container SET runtime_name = ?, container_name = ?, container_image = ?, pod_name = ?,
    pod_namespace = ?, pod_uid = ?, pod_container_name = ?
    WHERE container_key = (SELECT container_key FROM temp.container_row WHERE session_id = ? AND key = ?)`)
  const updateNetworks = db.prepare(`UPDATE container SET has_own_networks = 1
    WHERE container_key = (SELECT container_key FROM temp.container_row WHERE session_id = ? AND key = ?)`)
  let nestedCount = 0
  const unnamed = createAgingMap<string, Unnamed>()
  /** Containers without a name that are no longer looked for. */
  let forgotten = 0
  const lookLater = (container: Unnamed) => {
    unnamed.put(container.key, container)
    if (unnamed.size <= MAX_UNNAMED) return
    unnamed.takeOldest()
    forgotten++
  }
  const insertRow = (key: string, identity: ContainerIdentity, cgroup: string) => {
    const facts = findFacts(key, cgroup)
    const hasOwnNetworks = hasNetworks(identity, nested) ? 1 : 0
    const row = Number(insert.run(sessionId, identity.id, ...valuesOf(identity, facts), hasOwnNetworks).lastInsertRowid)
    keep.run(sessionId, key, row)
    if (facts === undefined && identity.name === null) lookLater({ key, identity, cgroup })
    return row
  }
  return {
    rowOf(cgroup) {
      const identity = cgroup === null ? null : identifyContainer(cgroup)
      if (cgroup === null || identity === null) return null
      const key = containerKey(identity)
      return Number(find.get(sessionId, key) ?? insertRow(key, identity, cgroup))
    },
    unnamedCount: () => unnamed.size + forgotten,
    addNames(inTransaction, isLast) {
      const tried = takeFirst(unnamed.entries(), isLast ? MAX_UNNAMED : MAX_PER_CALL)
      const named = tried.flatMap(({ key, identity, cgroup }) => {
        const facts = findFacts(key, cgroup)
        return facts === undefined ? [] : [{ key, values: valuesOf(identity, facts) }]
      })
      if (named.length > 0)
        inTransaction(() => named.forEach(({ key, values }) => update.run(...values, sessionId, key)))
      for (const { key } of named) unnamed.delete(key)
      if (nested.size > nestedCount) {
        const added = [...nested].slice(nestedCount)
        inTransaction(() => added.forEach((key) => updateNetworks.run(sessionId, key)))
        nestedCount += added.length
      }
      // The next call looks for the next ones.
      for (const one of tried) if (unnamed.get(one.key) !== undefined) unnamed.put(one.key, one)
    },
  }
}

/**
 * Whether an address may mean another container there than on the host: rootless containers have a network that others do not
 * see, and so have containers in a container.
 */
export function hasNetworks(identity: ContainerIdentity, nested: ReadonlySet<string>): boolean {
  return identity.isNested || identity.ownerUid !== null || nested.has(containerKey(identity))
}

function takeFirst(entries: Iterable<readonly [string, Unnamed]>, limit: number): Unnamed[] {
  const first: Unnamed[] = []
  for (const [, value] of entries) {
    if (first.length === limit) break
    first.push(value)
  }
  return first
}

/** Values of the columns after the id. */
function valuesOf(identity: ContainerIdentity, facts: ContainerFacts | undefined): (string | null)[] {
  const { runtime, name, image, podName, podNamespace, podUid, podContainer } = mergeFacts(identity, facts)
  return [runtime, name, image, podName, podNamespace, podUid, podContainer]
}
