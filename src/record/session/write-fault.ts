import { TcpconnError, messageOf } from '../../errors.js'

/** The error for what SQLite threw while a recording ran. What was committed before is in the file. */
export function writeFault(path: string, cause: unknown): unknown {
  const code = (cause as { code?: string }).code ?? ''
  const kept = 'every batch that was written before is in the file'
  if (code === 'SQLITE_FULL') {
    return new TcpconnError('E_DISK_FULL', {
      what: `recording into ${path} stopped: the disk is full`,
      reason: `${messageOf(cause)}; ${kept}`,
      hint: `free some space, then record again into the same file; tcpconn info ${path} shows what was kept`,
      cause,
    })
  }
  if (code.startsWith('SQLITE_BUSY')) return lockedTrace(path, cause)
  if (!code.startsWith('SQLITE_')) return cause
  return new TcpconnError('E_WRITE', {
    what: `recording into ${path} stopped: it cannot be written any more`,
    reason: `${messageOf(cause)} (${code}); ${kept}`,
    hint: `check the file system, then record again; tcpconn info ${path} shows what was kept`,
    cause,
  })
}

/** The error for a file that somebody else holds locked while a recording ends. */
export function lockedTrace(path: string, cause?: unknown): TcpconnError {
  return new TcpconnError('E_LOCKED_TRACE', {
    what: `the last attempts could not be written into ${path}`,
    reason: 'another program has held it locked for 5 s',
    hint: 'end that program; all that was written before is in the file',
    cause,
  })
}
