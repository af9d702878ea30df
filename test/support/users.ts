import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { openHostView } from '../../src/record/host/host-view.js'
import { makeTemporaryDirectory } from './temporary-directory.js'

/** An account of every Debian and Ubuntu (base-passwd), which no program uses. */
export const GAMES_UID = 5
export const GAMES_GID = 60

/** The environment variables of sudo. */
export const SUDO_GAMES = { SUDO_UID: String(GAMES_UID), SUDO_GID: String(GAMES_GID), SUDO_USER: 'games' }

/** Options of a process without privileges: that of nobody, if the tests have privileges. */
export function asNobody(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
}

/** Prefix of a command that runs as this user, with only the group of the same number. */
export function asUser(uid: number): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
}

/** Prefix of a command that runs as user games with only these capabilities, by their names in setpriv(1). */
export function asGamesWith(capabilities: readonly string[]): string[] {
  const added = capabilities.map((name) => `+${name}`).join()
  return [...asUser(GAMES_UID), `--inh-caps=${added}`, `--ambient-caps=${added}`]
}

/** Prefix of a command that runs as root with only these capabilities, by their names in setpriv(1). */
export function asRootWith(capabilities: readonly string[]): string[] {
  return ['setpriv', '--inh-caps=-all', `--bounding-set=${['-all', ...capabilities.map((name) => `+${name}`)].join()}`]
}

/** Options like those of `sudo tcpconn record` of user games, into a directory of games. */
export function recordAsGames() {
  const directory = makeTemporaryDirectory()
  chownSync(directory, GAMES_UID, GAMES_GID)
  return { file: join(directory, 'trace.db'), env: SUDO_GAMES }
}

/** `name` if processes of the tests have the root directory of the host, whose users are named; otherwise `null`. */
export function hostUser(name: string): string | null {
  return openHostView().root === '/' ? name : null
}
