import type { Guest } from './guest.js'

/** What must hold on every kernel. */
export interface Check {
  readonly name: string
  /** Kernels of the table that have nothing to check; the machine's own may always lack something. */
  readonly missingOn?: readonly string[]
  /** Whether this kernel made what the check looks at. Without it: whether it made the traffic of traffic.sh. */
  appliesTo?(guest: Guest): boolean
  /**
   * Returns what was found, in a few words, or nothing.
   * @throws Skip where this kernel has nothing to look at, any other error where it does not hold
   */
  run(guest: Guest): string | void
}

/** There is nothing to check, for a reason that does not lie with tcpconn. */
export class Skip extends Error {}

/** How a check came out on one kernel. */
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
