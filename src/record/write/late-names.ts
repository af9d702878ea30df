import type { Database } from 'better-sqlite3'
import { containerName } from '../../attempt/container-name.js'
import type { AddressOwners } from '../containers/address-owners.js'
import { createContainerStore, type FindContainerFacts } from './container-store.js'
import { createOwnerStore } from './owner-store.js'
import type { RowNames } from './dictionary-store.js'
import type { Transaction } from './transaction.js'

/** Looks up a name: `null` without a name, `undefined` if the lookup is deferred. */
type Look<Id> = (id: Id, isEnd?: boolean) => string | null | undefined

/** Sources of names on this host. `isEnd`: the last call, after the recording. */
export interface HostNames {
  readonly userName: Look<number>
  readonly cgroupPath: Look<bigint>
  readonly containerFacts: FindContainerFacts
  /** Inode number of the host's network namespace; `null` or absent: not known */
  readonly hostNetns?: number | null
  /** Whose addresses containers have; absent: not known */
  readonly owners?: AddressOwners
  /** Keys of containers in which others run */
  readonly nested?: ReadonlySet<string>
}

/** Names of new rows; deferred names are added to their rows later. */
export interface LateNames extends RowNames {
  /** Number of containers of this session without a name. */
  unnamedCount(): number
  /** Retries deferred lookups. Throws errors of SQLite, after which it can be called again. */
  add(inTransaction: Transaction, isEnd: boolean): void
  /** Users of the host without a name, or without one yet, by uid. */
  unnamedUids(): ReadonlySet<number>
}

/** A recording never waits for names: a lookup may walk a tree or query a server. */
export function createLateNames(
  db: Database,
  {
    sessionId,
    epochNs,
    sinceNs = 0,
  }: { readonly sessionId: number; readonly epochNs: bigint; readonly sinceNs?: number },
  names: HostNames,
): LateNames {
  // There is no index on uid: one scan updates the processes of all users.
  const nameUsers = db.prepare(
    `UPDATE process SET user = @users ->> CAST(uid AS TEXT)
     WHERE session_id = @sessionId AND user IS NULL AND has_host_root = 1 AND uid IN (SELECT CAST(key AS INTEGER) FROM json_each(@users))`,
  )
  const nameCgroup = db.prepare(
    'UPDATE cgroup SET path = ?, container = ?, container_key = ? WHERE session_id = ? AND kernel_cgroup_id = ?',
  )
  const containers = createContainerStore(db, sessionId, names.containerFacts, names.nested)
  const { owners } = names
  const session = { sessionId, epochNs: epochNs + BigInt(sinceNs) }
  const addresses = owners && createOwnerStore(db, { ...session, owners, containerRow: containers.rowOf })
  const [uids, cgroupIds] = [new Set<number>(), new Set<bigint>()]
  const nameless = new Set<number>()
  const lookUpUser: Look<number> = (uid, isEnd) => {
    const name = names.userName(uid, isEnd)
    if (name === null) nameless.add(uid)
    return name
  }
  return {
    userName: (uid) => orLater(uids, uid, lookUpUser(uid)),
    cgroupPath: (id) => orLater(cgroupIds, id, names.cgroupPath(id)),
    containerRow: containers.rowOf,
    hostNetns: names.hostNetns ?? null,
    unnamedCount: containers.unnamedCount,
    add(inTransaction, isEnd) {
      // Before the transaction, so that no other program waits for the file.
      const users = lookAgain(uids, lookUpUser, isEnd)
      const paths = lookAgain(cgroupIds, names.cgroupPath, isEnd)
      if (users.length + paths.length > 0) {
        inTransaction(() => {
          if (users.length > 0) nameUsers.run({ users: JSON.stringify(Object.fromEntries(users)), sessionId })
          for (const [id, path] of paths)
            nameCgroup.run(path, containerName(path), containers.rowOf(path), sessionId, id)
        })
      }
      for (const [uid] of users) uids.delete(uid)
      for (const [id] of paths) cgroupIds.delete(id)
      // The rows of owners need names, too.
      addresses?.write(inTransaction, isEnd)
      containers.addNames(inTransaction, isEnd)
    },
    unnamedUids: () => new Set([...nameless, ...uids]),
  }
}

function orLater<Id>(waiting: Set<Id>, id: Id, name: string | null | undefined): string | null {
  if (name === undefined) waiting.add(id)
  return name ?? null
}

/** Names that are known now. Ids without a name are removed from the list; their rows are correct. */
function lookAgain<Id>(waiting: Set<Id>, look: Look<Id>, isEnd: boolean): [Id, string][] {
  return [...waiting].flatMap((id) => {
    const name = look(id, isEnd)
    if (name === null) waiting.delete(id)
    return name === undefined || name === null ? [] : [[id, name]]
  })
}
