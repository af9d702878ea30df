/** Codes of errors of Node's sockets. `EPROTO`: the port does not speak TLS. */
export const SOCKET_CODE = /^(E(CONN|HOST|NET|AI_|PIPE|TIMEDOUT|PROTO|ADDR|NOTFOUND)|UND_ERR)/
/** Codes of errors of certificates */
export const CERTIFICATE_CODE = /^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA)/

/**
 * The code of an error of Node.js; empty without one. Node tries all addresses of a name and throws an AggregateError without a code
 * of its own.
 */
export function networkCodeOf(thrown: unknown): string {
  const { code, errors } = thrown as { code?: unknown; errors?: unknown[] }
  if (typeof code === 'string') return code
  return Array.isArray(errors) && errors.length > 0 ? networkCodeOf(errors[0]) : ''
}
