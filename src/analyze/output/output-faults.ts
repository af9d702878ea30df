import { dirname, resolve } from 'node:path'
import { TcpconnError, messageOf } from '../../base/errors.js'

/** The error for an output that exists. Nothing is overwritten. */
export function outputExists(path: string): TcpconnError {
  return new TcpconnError('E_EXISTS', {
    what: `cannot write ${path}: it exists`,
    reason: 'nothing that exists is overwritten',
    hint: 'name another file, or remove it first',
  })
}

/** The error for an output that cannot be created or written. Returns errors that are not from the system unchanged. */
export function outputFault(path: string, cause: unknown): unknown {
  const { code, syscall } = cause as NodeJS.ErrnoException
  if (cause instanceof TcpconnError || code === undefined || syscall === undefined) return cause
  if (code === 'EEXIST') return outputExists(path)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TcpconnError('E_DISK_FULL', {
      what: `cannot write ${path}: the disk is full`,
      reason: `${messageOf(cause)}; what was written of it has been removed`,
      hint: 'free some space, or name a file on another disk',
      cause,
    })
  }
  const [reason, hint] = reasonOf(path, code, messageOf(cause))
  const isOpening = ['open', 'mkdir', 'stat', 'lstat', 'access'].includes(syscall)
  return new TcpconnError(isOpening ? 'E_CANNOT_OPEN' : 'E_WRITE', {
    what: `cannot write ${path}`,
    reason,
    hint,
    cause,
  })
}

function reasonOf(path: string, code: string, message: string): readonly [reason: string, hint: string] {
  const directory = dirname(resolve(path))
  switch (code) {
    case 'ENOENT':
      return [`the directory ${directory} does not exist`, `create it first: mkdir -p ${directory}`]
    case 'ENOTDIR':
      return [`${directory} is not a directory`, 'name a file in a directory']
    case 'EACCES':
    case 'EPERM':
      return [`user ${process.getuid?.()} may not write into ${directory}`, 'name a file in your own directory']
    case 'EROFS':
      return ['its file system is read-only', 'name a file on another file system']
    default:
      return [message, 'check the path and the file system']
  }
}
