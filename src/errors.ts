/** What went wrong, why, and what to do next. Each becomes one line on stderr. */
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

/** What to do after a wrong use, where nothing better is known. */
export const HELP_HINT = 'tcpconn COMMAND --help explains every option, as in tcpconn analyze latency --help'

/**
 * A wrong value of an option: names the option, the value, what is accepted, and what was probably meant, if that is
 * known. Exit code 2.
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

/** Message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
