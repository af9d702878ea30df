import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { openHostView } from '../../src/record/host/host-view.js'
import { makeTemporaryDirectory } from './temporary-directory.js'

/** An account that every Debian and Ubuntu has, of games that nobody runs: base-passwd. */
export const GAMES_UID = 5
export const GAMES_GID = 60

/** What sudo says of who called it. */
export const SUDO_GAMES = { SUDO_UID: String(GAMES_UID), SUDO_GID: String(GAMES_GID), SUDO_USER: 'games' }

/** Options of a process that has no privileges: that of nobody, where the tests have some to give up. */
export function asNobody(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
}

/** Runs what follows as this user, without any group but one of the same number. */
export function asUser(uid: number): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
}

/** Runs what follows as root with these capabilities alone, by their names in setpriv(1). */
export function asRootWith(capabilities: readonly string[]): string[] {
  return ['setpriv', '--inh-caps=-all', `--bounding-set=${['-all', ...capabilities.map((name) => `+${name}`)].join()}`]
}

/** What `sudo tcpconn record` of user games is, into a directory of games. */
export function recordAsGames() {
  const directory = makeTemporaryDirectory()
  chownSync(directory, GAMES_UID, GAMES_GID)
  return { file: join(directory, 'trace.db'), env: SUDO_GAMES }
}

/** `name` where processes of the tests have the root directory of the host, whose accounts are named; `null` in another one. */
export function hostUser(name: string): string | null {
  return openHostView().root === '/' ? name : null
}
