import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBytes } from '../../attempt/byte-text.js'

const LOOKUP_TIMEOUT_MS = 250
/** Time limit of all lookups per period: a slow directory service must not stop a recording. */
const BUDGET_MS = 500
const PERIOD_MS = 60_000

/** An account of the host. */
export interface User {
  readonly uid: number
  readonly gid: number
  readonly name: string
  readonly home: string
}

/** Accounts of /etc/passwd, and through getent(1) those of LDAP, SSSD and other services. */
export interface UserNames {
  byUid(uid: number): User | null
  byName(name: string): User | null
  /**
   * The name of an account for a recording; `undefined` if the time limit of this minute is used up: ask again later.
   * @param isEnd whether this is the last call: grants the time limit once more
   */
  nameOf(uid: number, isEnd?: boolean): string | null | undefined
}

/**
 * Reads /etc/passwd once; every missing account is looked up once.
 * @param now milliseconds of a monotonic clock
 * @param askFor returns the passwd line of an account that is not in the file, by number or name
 */
export function createUserNames(passwd = readPasswd(), now = () => performance.now(), askFor = getent): UserNames {
  const users = passwd.split('\n').flatMap(parseLine)
  const asked = new Map<string, User | null>()
  const ask = (key: string): User | null => {
    const known = asked.get(key)
    if (known !== undefined) return known
    const [user = null] = parseLine(askFor(key))
    asked.set(key, user)
    return user
  }
  const uids = new Map(users.toReversed().map((user) => [user.uid, user]))
  const byUid = (uid: number) => uids.get(uid) ?? ask(String(uid))
  const budget = createBudget(now)
  return {
    byUid,
    byName: (name) => users.find((user) => user.name === name) ?? ask(name),
    nameOf(uid, isEnd = false) {
      const isKnown = uids.has(uid) || asked.has(String(uid))
      const user = isKnown ? byUid(uid) : budget(isEnd, () => byUid(uid))
      return user === undefined ? undefined : (user?.name ?? null)
    },
  }
}

/** Runs a function if this period has time left, otherwise returns `undefined`. The end is a period of its own. */
function createBudget(now: () => number): <T>(isEnd: boolean, body: () => T) => T | undefined {
  let period = 0
  let spentMs = 0
  return (isEnd, body) => {
    const startMs = now()
    const current = isEnd ? Infinity : Math.floor(startMs / PERIOD_MS)
    if (current !== period) spentMs = 0
    period = current
    if (spentMs >= BUDGET_MS) return undefined
    const result = body()
    spentMs += now() - startMs
    return result
  }
}

/**
 * Accounts of the host.
 * @param root its root directory. In a container only its /etc/passwd is readable: getent(1) would use the container's
 * name services. `null`: accounts have no names
 */
export function createHostUsers(root: string | null): UserNames {
  return root === '/' ? createUserNames() : createFileUsers(root)
}

/** Accounts of /etc/passwd of a host alone: no program is started. @param root as for `createHostUsers` */
export function createFileUsers(root: string | null): UserNames {
  const passwd = root === null ? '' : readPasswd(join(root, 'etc/passwd'))
  return createUserNames(passwd, undefined, () => '')
}

function parseLine(line: string): User[] {
  const [name, , uid, gid, , home] = line.trim().split(':')
  if (!name || home === undefined || !/^\d+$/.test(uid ?? '')) return []
  return [{ uid: Number(uid), gid: Number(gid), name, home }]
}

function readPasswd(path = '/etc/passwd'): string {
  try {
    return decodeBytes(readFileSync(path))
  } catch {
    return ''
  }
}

function getent(key: string): string {
  try {
    const found = execFileSync('getent', ['passwd', '--', key], {
      timeout: LOOKUP_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return decodeBytes(found)
  } catch {
    return ''
  }
}
