import { readFileSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { messageOf, TcpconnError } from '../../base/errors.js'
import type { StoredQuery } from '../query/stored-query.js'
import { readBoundedText } from './read-bounded.js'
import { readStatement } from './read-statement.js'
import { createSqlQuery } from './sql-query.js'

/** A query of the user, and its `:name` parameters. */
export interface UserQuery {
  readonly query: StoredQuery
  readonly parameters: readonly string[]
}

/** Queries of a directory, and a line for each invalid file, by query name. */
export interface UserQueries {
  readonly queries: readonly UserQuery[]
  readonly warnings: ReadonlyMap<string, string>
}

/** `~/.config/tcpconn/queries`, or in XDG_CONFIG_HOME; under sudo that of the invoking user. */
export function queryDirectory(env = process.env, uid = process.getuid?.()): string {
  const config = env.XDG_CONFIG_HOME
  const base = config && isAbsolute(config) ? config : join(homeOf(env, uid), '.config')
  return join(base, 'tcpconn', 'queries')
}

/**
 * Reads the queries of a directory: one per `.sql` file, with the name of the file; the first line `-- description` describes it.
 * @param reserved names that queries cannot have
 * @param options names that parameters cannot have: options of every query
 */
export function readUserQueries(
  directory: string,
  { reserved, options }: { readonly reserved: readonly string[]; readonly options: readonly string[] },
): UserQueries {
  const queries: UserQuery[] = []
  const warnings = new Map<string, string>()
  for (const file of listFiles(directory)) {
    try {
      const query = readUserQuery(directory, file, reserved)
      const taken = query.parameters.find((name) => options.includes(name))
      if (taken !== undefined)
        throw new Error(`--${taken} is an option of every query: call the parameter something else`)
      queries.push(query)
    } catch (error) {
      const reason = error instanceof TcpconnError ? error.reason : messageOf(error)
      warnings.set(nameOf(file), `warning: ${join(directory, file)} is left out: ${reason}`)
    }
  }
  return { queries, warnings }
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.sql'))
      .toSorted()
  } catch {
    // Most users have no such directory.
    return []
  }
}

function nameOf(file: string): string {
  return file.slice(0, -'.sql'.length)
}

/** @throws Error with the reason why the file is not a query */
function readUserQuery(directory: string, file: string, reserved: readonly string[]): UserQuery {
  const name = nameOf(file)
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new Error('a name has small letters, digits and hyphens')
  if (reserved.includes(name)) throw new Error('tcpconn has a query of that name')
  const path = join(directory, file)
  if (!statSync(path).isFile()) throw new Error('it is not a file')
  const text = readBoundedText(path)
  const [, description] = /^\ufeff?--[ \t]*(\S.*)/.exec(text) ?? []
  const statement = readStatement(text)
  const query = createSqlQuery(name, statement, description?.trim() ?? `a query of your own: ${path}`)
  const values = statement.parameters.map((parameter) => ` --${parameter} VALUE`).join('')
  return { query: { ...query, example: `${query.example}${values}` }, parameters: statement.parameters }
}

function homeOf(env: NodeJS.ProcessEnv, uid: number | undefined): string {
  const invoking = uid === 0 && /^[1-9]\d*$/.test(env.SUDO_UID ?? '') ? (env.SUDO_UID as string) : null
  return (invoking && homeInPasswd(invoking)) || env.HOME || ownHome()
}

/** A user without an account, as in many containers, has no home directory. */
function ownHome(): string {
  try {
    return homedir()
  } catch {
    return '/'
  }
}

function homeInPasswd(uid: string): string | undefined {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
    return lines.map((line) => line.split(':')).find((fields) => fields[2] === uid)?.[5]
  } catch {
    return undefined
  }
}
