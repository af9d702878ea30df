import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { messageOf, TcpconnError } from '../base/errors.js'

/** Environment variable with the password. */
export const PASSWORD_VARIABLE = 'TCPCONN_CLICKHOUSE_PASSWORD'
/** Permissions of others */
const OTHERS = 0o007
const MAX_BYTES = 4096

/**
 * The password of a ClickHouse user: the first line of the file, otherwise the environment variable, otherwise none. The variable is
 * removed from the environment, so that no child process gets it.
 * @throws E_PASSWORD_FILE
 */
export function readPassword(file: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  const fromEnvironment = environment[PASSWORD_VARIABLE] ?? ''
  delete environment[PASSWORD_VARIABLE]
  return file === undefined ? fromEnvironment : readFirstLine(file)
}

function readFirstLine(path: string): string {
  try {
    // A FIFO without a writer would block.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(fd)
      if (!stat.isFile())
        throw badFile(path, 'it is not a regular file', 'name a file with the password in its first line')
      if ((stat.mode & OTHERS) !== 0) {
        throw badFile(path, `its mode is ${(stat.mode & 0o777).toString(8)}: others may access it`, `chmod o= ${path}`)
      }
      const text = stat.size > MAX_BYTES ? '' : (readFileSync(fd, 'utf8').split(/\r?\n/)[0] ?? '')
      if (text === '')
        throw badFile(path, 'its first line is empty, or the file is too long', 'write the password into it')
      return text
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof TcpconnError) throw error
    throw badFile(path, messageOf(error), 'check the path and the permissions of the file and its directory')
  }
}

function badFile(path: string, reason: string, hint: string): TcpconnError {
  return new TcpconnError('E_PASSWORD_FILE', { what: `cannot use the password file ${path}`, reason, hint })
}
