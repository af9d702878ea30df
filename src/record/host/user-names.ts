import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const LOOKUP_TIMEOUT_MS = 250
/** What lookups may take together in each period: a directory service that is slow must not stop a recording. */
const BUDGET_MS = 500
const PERIOD_MS = 60_000

/** One account of the host. */
export interface User {
  readonly uid: number
  readonly gid: number
  readonly name: string
  readonly home: string
}

/** Accounts of /etc/passwd, and through getent(1) those of LDAP, SSSD and the like. */
export interface UserNames {
  byUid(uid: number): User | null
  byName(name: string): User | null
  /**
   * The name of an account for a recording: `undefined` when lookups have taken their time for this minute, and it is to
   * be asked for again.
   * @param isEnd whether there will be no later: lookups may take their time once more
   */
  nameOf(uid: number, isEnd?: boolean): string | null | undefined
}

/**
 * Reads /etc/passwd once; each account that is not there is asked for once.
 * @param now milliseconds, of any clock that only goes forward
 */
export function createUserNames(passwd = readPasswd(), now = () => performance.now()): UserNames {
  const users = passwd.split('\n').flatMap(parseLine)
  const asked = new Map<string, User | null>()
  const ask = (key: string): User | null => {
    const known = asked.get(key)
    if (known !== undefined) return known
    const [user = null] = parseLine(getent(key))
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

/** Runs what it is given while there is time left in this period, else gives `undefined`. The end is a period of its own. */
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

function parseLine(line: string): User[] {
  const [name, , uid, gid, , home] = line.trim().split(':')
  if (!name || home === undefined || !/^\d+$/.test(uid ?? '')) return []
  return [{ uid: Number(uid), gid: Number(gid), name, home }]
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}

function getent(key: string): string {
  try {
    return execFileSync('getent', ['passwd', '--', key], {
      encoding: 'utf8',
      timeout: LOOKUP_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return ''
  }
}
