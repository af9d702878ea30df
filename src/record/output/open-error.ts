import { hintAtDirectory } from '../host/privileges.js'
import { existsSync, lstatSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { TcpconnError } from '../../base/errors.js'
import { fullDisk } from './write-fault.js'

const OWNER_WRITE = 0o200

/** The error for a failed open or creation of an output file. */
export function openError(path: string, cause: NodeJS.ErrnoException): TcpconnError {
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') return fullDisk(path, cause)
  if (cause.code === 'EACCES' && isReadOnly(lookAt(path))) return readOnly(path)
  const directory = dirname(path)
  const [code, reason, hint] = (
    {
      ELOOP: ['E_SYMLINK', 'it is a symbolic link, which record never follows', 'name the file itself'],
      ENOENT: existsSync(directory)
        ? ['E_CANNOT_OPEN', `no file can be created in ${directory}`, 'name a file in another directory']
        : ['E_CANNOT_OPEN', `the directory ${directory} does not exist`, `create it first: mkdir -p ${directory}`],
      EACCES: ['E_CANNOT_OPEN', `user ${process.getuid?.()} has no write permission`, hintAtDirectory()],
      EROFS: ['E_CANNOT_OPEN', 'its file system is read-only', 'name a file on another file system'],
      EISDIR: ['E_CANNOT_OPEN', 'it is a directory', 'name a file'],
    } as Record<string, [string, string, string]>
  )[cause.code ?? ''] ?? ['E_CANNOT_OPEN', cause.message, 'name a regular file']
  return new TcpconnError(code, { what: `cannot record into ${path}`, reason, hint, cause })
}

/** The user may lack permission to search the directory. */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}

/** Owned by this user, but without write permission. */
export function isReadOnly(stat: Stats | undefined): boolean {
  return stat !== undefined && stat.uid === process.geteuid?.() && (stat.mode & OWNER_WRITE) === 0
}

/** The error for a file that `isReadOnly`. */
export function readOnly(path: string): TcpconnError {
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot record into ${path}`,
    reason: 'it is read-only',
    hint: `name another file, or allow writing: chmod u+w ${path}`,
  })
}
