import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { messageOf, TcpconnError } from '../../../base/errors.js'
import { outputFault } from '../../output/output-faults.js'
import { KEY_BYTES } from './share-key.js'

const KEY_MODE = 0o600
/** Permissions of the group and of others */
const OTHERS = 0o077
/** Longer than any key, so that nothing large is read */
const MAX_FILE_BYTES = 1024
const KEY_TEXT = new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}\\n?$`, 'i')

/** A key, and whether its file was created now. */
export interface FileKey {
  readonly secret: Buffer
  readonly isNew: boolean
}

/**
 * Reads a key: 64 hexadecimal digits. Creates the file with mode 0600 if it does not exist.
 * @throws E_KEY for a file that others may read or that holds no key, E_CANNOT_OPEN, E_DISK_FULL
 */
export function readOrCreateKey(path: string): FileKey {
  try {
    const fd = openSync(path, 'wx', KEY_MODE)
    const secret = randomBytes(KEY_BYTES)
    try {
      writeSync(fd, `${secret.toString('hex')}\n`)
    } catch (error) {
      // An empty file would be refused as a key from now on.
      unlinkSync(path)
      throw outputFault(path, error)
    } finally {
      closeSync(fd)
    }
    return { secret, isNew: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return { secret: readKey(path), isNew: false }
    throw error instanceof TcpconnError ? error : cannotOpen(path, error)
  }
}

/** @throws as `readOrCreateKey` */
export function readKey(path: string): Buffer {
  try {
    // A FIFO without a writer would block.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(fd)
      if (!stat.isFile()) throw badKey(path, 'it is not a regular file', 'name a file that tcpconn share --key created')
      if ((stat.mode & OTHERS) !== 0) {
        const mode = (stat.mode & 0o777).toString(8)
        throw badKey(path, `its mode is ${mode}: group or others may access it`, `chmod 600 ${path}`)
      }
      const text = stat.size > MAX_FILE_BYTES ? '' : readFileSync(fd, 'latin1')
      if (KEY_TEXT.test(text)) return Buffer.from(text.trim(), 'hex')
      const reason = `a key has ${2 * KEY_BYTES} hexadecimal digits; the file has ${stat.size} bytes`
      throw badKey(path, reason, 'name a file that tcpconn share --key created, or one that does not exist yet')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw error instanceof TcpconnError ? error : cannotOpen(path, error)
  }
}

function badKey(path: string, reason: string, hint: string): TcpconnError {
  return new TcpconnError('E_KEY', { what: `cannot use the key ${path}`, reason, hint })
}

function cannotOpen(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open the key ${path}`,
    reason: messageOf(cause),
    hint: 'check the path and the permissions of the file and its directory',
    cause,
  })
}
