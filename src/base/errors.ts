/** The error, its reason, and a hint. Each becomes one line on stderr. */
export interface ErrorText {
  readonly what: string
  readonly reason: string
  readonly hint: string
  readonly cause?: unknown
}

/** The one error class that users see. `code` is stable and documented in docs/errors.md. */
export class TcpconnError extends Error {
  readonly code: string
  readonly reason: string
  readonly hint: string

  constructor(code: string, text: ErrorText) {
    super(text.what, { cause: text.cause })
    this.name = 'TcpconnError'
    this.code = code
    this.reason = text.reason
    this.hint = text.hint
  }
}

/** The default hint after invalid usage. */
export const HELP_HINT = 'see tcpconn COMMAND --help, for example tcpconn analyze latency --help'

/**
 * An invalid option value: names the option, the value, the accepted values, and the likely intended value if known.
 * Exit status 2.
 */
export class UsageError extends TcpconnError {
  constructor(option: string, value: string, accepted: string, meant: string | null = null) {
    super('E_USAGE', {
      what: `${option}: ${JSON.stringify(value)} is not accepted`,
      reason: `${option} takes ${accepted}`,
      hint: meant === null ? HELP_HINT : `did you mean ${meant}?`,
    })
    this.name = 'UsageError'
  }
}

/** Message of any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
