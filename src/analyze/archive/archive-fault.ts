import { messageOf, TcpconnError } from '../../base/errors.js'
import { fullTemporaryDirectory } from '../../base/full-disk.js'

/** There is nothing to read. */
export function emptyArchive(place: string, reason: string): TcpconnError {
  return new TcpconnError('E_ARCHIVE_EMPTY', {
    what: `${place} has no data set of tcpconn`,
    reason,
    hint: `write one: tcpconn export FILE --session all --format parquet --partition host,date -o ${place}`,
  })
}

/** A Parquet file that something else wrote. */
export function foreignFile(name: string, reason: string): TcpconnError {
  return new TcpconnError('E_ARCHIVE_FOREIGN', {
    what: `${name} is not a file of a data set of tcpconn`,
    reason,
    hint: 'name the directory or prefix that export --partition wrote, without other Parquet files in it',
  })
}

/** A file that cannot be read, unless something else is the cause. */
export function damagedFile(name: string, cause: unknown): TcpconnError {
  if (cause instanceof TcpconnError) return cause
  const full = fullTemporaryDirectory(cause)
  if (full !== null) return full
  return new TcpconnError('E_ARCHIVE_DAMAGED', {
    what: `${name} cannot be read`,
    reason: messageOf(cause).split('\n')[0] ?? '',
    hint: 'remove the file, and export its session again if its trace is still there',
    cause,
  })
}
