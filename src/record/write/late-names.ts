import type { Database } from 'better-sqlite3'
import { containerName } from '../../view/container-name.js'
import type { RowNames } from './dictionary-store.js'
import type { Transaction } from './transaction.js'

/** Looks a name up: `null` for what has none, `undefined` when that takes too much now and is to be asked for later. */
type Look<Id> = (id: Id, isEnd?: boolean) => string | null | undefined

/** Where names of this host come from. `isEnd`: recording is over, there will be no later. */
export interface HostNames {
  readonly userName: Look<number>
  readonly cgroupPath: Look<bigint>
}

/** Names for new rows; those that are put off are added to their rows later. */
export interface LateNames extends RowNames {
  /** Looks again for what was put off. Throws what SQLite throws; it may be called again then. */
  add(inTransaction: Transaction, isEnd: boolean): void
}

/** A recording never waits for names: looking them up may mean to walk a tree, or to ask a server. */
export function createLateNames(db: Database, sessionId: number, names: HostNames): LateNames {
  // No index finds the processes of a uid: all of them are passed once, not once for each name.
  const nameUsers = db.prepare(
    `UPDATE process SET user = @users ->> CAST(uid AS TEXT)
     WHERE session_id = @sessionId AND user IS NULL AND uid IN (SELECT CAST(key AS INTEGER) FROM json_each(@users))`,
  )
  const nameCgroup = db.prepare(
    'UPDATE cgroup SET path = ?, container = ? WHERE session_id = ? AND kernel_cgroup_id = ?',
  )
  const [uids, cgroupIds] = [new Set<number>(), new Set<bigint>()]
  return {
    userName: (uid) => orLater(uids, uid, names.userName(uid)),
    cgroupPath: (id) => orLater(cgroupIds, id, names.cgroupPath(id)),
    add(inTransaction, isEnd) {
      // Before the transaction, so that nobody waits for the file meanwhile.
      const users = lookAgain(uids, names.userName, isEnd)
      const paths = lookAgain(cgroupIds, names.cgroupPath, isEnd)
      if (users.length + paths.length > 0) {
        inTransaction(() => {
          if (users.length > 0) nameUsers.run({ users: JSON.stringify(Object.fromEntries(users)), sessionId })
          for (const [id, path] of paths) nameCgroup.run(path, containerName(path), sessionId, id)
        })
      }
      for (const [uid] of users) uids.delete(uid)
      for (const [id] of paths) cgroupIds.delete(id)
    },
  }
}

function orLater<Id>(waiting: Set<Id>, id: Id, name: string | null | undefined): string | null {
  if (name === undefined) waiting.add(id)
  return name ?? null
}

/** The names that are known by now. What turns out to have none waits no longer: its rows are as they should be. */
function lookAgain<Id>(waiting: Set<Id>, look: Look<Id>, isEnd: boolean): [Id, string][] {
  return [...waiting].flatMap((id) => {
    const name = look(id, isEnd)
    if (name === null) waiting.delete(id)
    return name === undefined || name === null ? [] : [[id, name]]
  })
}
