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
  if (!code.startsWith('SQLITE_')) return cause
  return new TcpconnError('E_WRITE', {
    what: `recording into ${path} stopped: it cannot be written any more`,
    reason: `${messageOf(cause)} (${code}); ${kept}`,
    hint: `check the file system, then record again; tcpconn info ${path} shows what was kept`,
    cause,
  })
}
