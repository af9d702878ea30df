import { readFileSync } from 'node:fs'
import { messageOf, TcpconnError } from '../base/errors.js'

/** Certificates of authorities in PEM, from the file of --ca-file. @throws E_CANNOT_OPEN */
export function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new TcpconnError('E_CANNOT_OPEN', {
      what: `cannot open the certificates of --ca-file ${path}`,
      reason: messageOf(cause),
      hint: 'check the path and the permissions of the file and its directory',
      cause,
    })
  }
}
