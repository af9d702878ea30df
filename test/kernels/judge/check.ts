import type { Guest } from './guest.js'

/** A check that must pass on every kernel. */
export interface Check {
  readonly name: string
  /** Kernels of the table on which the check may be skipped; on the machine's own kernel any check may be skipped. */
  readonly missingOn?: readonly string[]
  /**
   * Whether this kernel made the recording that the check needs. Default: whether it made the traffic of traffic.sh.
   */
  appliesTo?(guest: Guest): boolean
  /**
   * Returns a short note about the result, or nothing.
   * @throws Skip if this kernel has nothing to check, any other error if the check fails
   */
  run(guest: Guest): string | void
}

/** There is nothing to check, for a reason outside of tcpconn. */
export class Skip extends Error {}

/** The result of a check on one kernel. */
export interface Verdict {
  readonly check: string
  readonly kernel: string
  readonly word: 'ok' | 'FAIL' | 'skip'
  readonly note: string
}

export function judge(check: Check, guest: Guest): Verdict {
  const verdict = (word: Verdict['word'], note: string) => ({ check: check.name, kernel: guest.name, word, note })
  try {
    return verdict('ok', check.run(guest) ?? '')
  } catch (error) {
    const maySkip = guest.name === 'host' || check.missingOn?.includes(guest.name)
    const note = error instanceof Error ? error.message : String(error)
    return verdict(error instanceof Skip && maySkip ? 'skip' : 'FAIL', note)
  }
}
