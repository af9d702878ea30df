import { tmpdir } from 'node:os'
import { messageOf, TcpconnError } from './errors.js'

/** Codes of Node.js and SQLite */
const CODES = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL']
/** Messages of DuckDB, whose errors have no codes: ENOSPC, EDQUOT, and its own limit, which is the free space at its start. */
const MESSAGE = /no space left on device|disk quota exceeded|failed to offload data block/i

/**
 * The error of a full `$TMPDIR`, where only temporary files are written.
 * @returns `null` for another error
 */
export function fullTemporaryDirectory(thrown: unknown): TcpconnError | null {
  if (thrown instanceof TcpconnError) return null
  const { code } = thrown as { code?: unknown }
  const reason = messageOf(thrown).split('\n')[0] ?? ''
  if (!CODES.includes(String(code)) && !MESSAGE.test(reason)) return null
  return new TcpconnError('E_DISK_FULL', {
    what: `cannot write temporary files into ${tmpdir()}: the disk is full`,
    reason,
    hint: 'free some space, set TMPDIR to a directory on another disk, or select fewer hosts and less time',
    cause: thrown,
  })
}
