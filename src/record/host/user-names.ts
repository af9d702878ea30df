import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const LOOKUP_TIMEOUT_MS = 250
/** What all lookups may take together: a directory service that is slow must not stop a recording. */
const LOOKUP_BUDGET_MS = 500

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
}

/** Reads /etc/passwd once; each account that is not there is asked for once. */
export function createUserNames(passwd = readPasswd()): UserNames {
  const users = passwd.split('\n').flatMap(parseLine)
  const asked = new Map<string, User | null>()
  let spentMs = 0
  const ask = (key: string): User | null => {
    const known = asked.get(key)
    if (known !== undefined || spentMs > LOOKUP_BUDGET_MS) return known ?? null
    const startMs = performance.now()
    const [user = null] = parseLine(getent(key))
    spentMs += performance.now() - startMs
    asked.set(key, user)
    return user
  }
  const uids = new Map(users.toReversed().map((user) => [user.uid, user]))
  return {
    byUid: (uid) => uids.get(uid) ?? ask(String(uid)),
    byName: (name) => users.find((user) => user.name === name) ?? ask(name),
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
