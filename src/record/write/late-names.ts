import type { Database } from 'better-sqlite3'
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
  const nameUser = db.prepare('UPDATE process SET user = ? WHERE session_id = ? AND uid = ? AND user IS NULL')
  const nameCgroup = db.prepare('UPDATE cgroup SET path = ? WHERE session_id = ? AND kernel_cgroup_id = ?')
  const [uids, cgroupIds] = [new Set<number>(), new Set<bigint>()]
  return {
    userName: (uid) => orLater(uids, uid, names.userName(uid)),
    cgroupPath: (id) => orLater(cgroupIds, id, names.cgroupPath(id)),
    add(inTransaction, isEnd) {
      // Before the transaction, so that nobody waits for the file meanwhile.
      const users = lookAgain(uids, names.userName, isEnd)
      const paths = lookAgain(cgroupIds, names.cgroupPath, isEnd)
      if (users.length + paths.length === 0) return
      inTransaction(() => {
        for (const [uid, name] of users) nameUser.run(name, sessionId, uid)
        for (const [id, path] of paths) nameCgroup.run(path, sessionId, id)
      })
      for (const [uid] of users) uids.delete(uid)
      for (const [id] of paths) cgroupIds.delete(id)
    },
  }
}

function orLater<Id>(waiting: Set<Id>, id: Id, name: string | null | undefined): string | null {
  if (name === undefined) waiting.add(id)
  return name ?? null
}

/** What is known by now, be it that there is no name. */
function lookAgain<Id>(waiting: Set<Id>, look: Look<Id>, isEnd: boolean): [Id, string | null][] {
  return [...waiting].flatMap((id) => {
    const name = look(id, isEnd)
    return name === undefined ? [] : [[id, name]]
  })
}
