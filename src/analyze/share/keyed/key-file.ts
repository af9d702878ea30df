import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { messageOf, TcpconnError } from '../../../base/errors.js'
import { openOutputFile } from '../../output/open-output-file.js'
import { KEY_BYTES } from './share-key.js'

/** Permissions of the group and of others */
const OTHERS = 0o077
/** Longer than any key, so that nothing large is read */
const MAX_FILE_BYTES = 1024
const KEY_TEXT = new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}\\n?$`, 'i')

/** A key in a file. A new file gets its name by `commit`, when what was made with the key is complete. */
export interface FileKey {
  readonly secret: Buffer
  readonly isNew: boolean
  /** @throws E_KEY if the file was created by another process meanwhile, E_CANNOT_OPEN, E_DISK_FULL */
  commit(): void
  /** Removes a new file. Does nothing after `commit`. */
  abort(): void
}

/**
 * Reads a key: 64 hexadecimal digits. If the file does not exist, a new key with mode 0600 is prepared: until `commit`, an error or a
 * signal removes it.
 * @throws E_KEY for a file that others may read or that holds no key, E_CANNOT_OPEN, E_DISK_FULL
 */
export function openKey(path: string): FileKey {
  const known = readKeyIfPresent(path)
  if (known !== null) return { secret: known, isNew: false, commit() {}, abort() {} }
  const secret = randomBytes(KEY_BYTES)
  const file = openOutputFile(path)
  file.write(`${secret.toString('hex')}\n`)
  const commit = () => {
    try {
      file.commit()
    } catch (error) {
      throw (error as Partial<TcpconnError>).code === 'E_EXISTS' ? createdMeanwhile(path, error) : error
    }
  }
  return { secret, isNew: true, commit, abort: file.abort }
}

/** `null` without a file. @throws as `readKey`, also for a dangling symbolic link */
export function readKeyIfPresent(path: string): Buffer | null {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null
  } catch (error) {
    throw cannotOpen(path, error)
  }
  return readKey(path)
}

/** @throws as `openKey` */
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

function createdMeanwhile(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_KEY', {
    what: `cannot create the key ${path}`,
    reason: 'another process created it meanwhile',
    hint: 'run this command again: it uses that key',
    cause,
  })
}

function cannotOpen(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open the key ${path}`,
    reason: messageOf(cause),
    hint: 'check the path and the permissions of the file and its directory',
    cause,
  })
}
