import { fstatSync, readlinkSync } from 'node:fs'
import { TcpconnError } from '../../errors.js'
import { isNamed, type OutputFile } from './output-file.js'

const HINT = 'record again; to begin a new file, end the recording first'

/**
 * Makes sure that what is recorded can be found under the name that was asked for.
 * @throws E_REMOVED when the file has no name any more, E_MOVED when it has another one
 */
export function requireName(file: OutputFile): void {
  if (fstatSync(file.fd).nlink === 0) throw removed(file.path)
  if (!isNamed(file)) throw moved(file)
}

function removed(path: string): TcpconnError {
  return new TcpconnError('E_REMOVED', {
    what: `recording into ${path} stopped: the file was removed`,
    reason: 'it has no name any more; what was recorded is gone with it',
    hint: HINT,
  })
}

function moved({ fd, path }: OutputFile): TcpconnError {
  // The kernel follows renames; a second name under which the file lives on it does not know.
  const place = readlinkSync(`/proc/self/fd/${fd}`)
  const where = isNamed({ fd, path: place }) ? `in ${place}` : 'in the file itself, wherever it is now'
  return new TcpconnError('E_MOVED', {
    what: `recording into ${path} stopped: the file was moved or replaced`,
    reason: `what was recorded until then is ${where}`,
    hint: HINT,
  })
}
