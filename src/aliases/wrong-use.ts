import { TcpconnError } from '../errors.js'

/** A wrong command line of a program name that is taken from bcc. */
export function wrongUse(name: string, what: string, reason: string): TcpconnError {
  return new TcpconnError('E_USAGE', { what, reason, hint: aliasHint(name) })
}

export function aliasHint(name: string): string {
  return `${name} --help explains every option`
}
