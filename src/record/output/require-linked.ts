import { fstatSync, readlinkSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'
import { isNamed, type LockedOutput } from './locked-output.js'

const HINT = 'record again; to start a new file, stop the recording first or use --rotate'

/**
 * Checks that the output file still has the name given by the user.
 * @throws E_REMOVED if the file has no name left, E_MOVED if it has another one
 */
export function requireLinked(file: LockedOutput): void {
  if (fstatSync(file.fd).nlink === 0) throw removed(file.path)
  if (!isNamed(file)) throw moved(file)
}

function removed(path: string): TcpconnError {
  return new TcpconnError('E_REMOVED', {
    what: `recording into ${path} stopped: the file was removed`,
    reason: 'it has no name left; its attempts are lost',
    hint: HINT,
  })
}

function moved({ fd, path }: LockedOutput): TcpconnError {
  // The kernel follows renames, but reports no further hard link of a file.
  const place = readlinkSync(`/proc/self/fd/${fd}`)
  const where = isNamed({ fd, path: place }) ? place : 'the moved file'
  return new TcpconnError('E_MOVED', {
    what: `recording into ${path} stopped: the file was moved or replaced`,
    reason: `the attempts recorded before are in ${where}`,
    hint: HINT,
  })
}
