import { OUTCOMES, type Outcome } from '../../attempt/outcome.js'

/** How an attempt counts: outcome as in traces, and error.type. */
export interface AttemptResult {
  readonly outcome: Outcome
  /** `null`: established */
  readonly errorType: string | null
}

/**
 * All results. error.type has the values proposed for system.network.tcp.handshake.duration
 * (open-telemetry/semantic-conventions#3682), and names of outcomes for what it lacks.
 */
export const ATTEMPT_RESULTS: readonly AttemptResult[] = [
  { outcome: 'established', errorType: null },
  { outcome: 'refused', errorType: 'refused' },
  { outcome: 'timed_out', errorType: 'timed_out' },
  { outcome: 'unreachable', errorType: 'unreachable' },
  { outcome: 'reset', errorType: 'reset' },
  { outcome: 'cancelled', errorType: 'cancelled' },
  { outcome: 'local_error', errorType: 'local_error' },
  { outcome: 'unreachable', errorType: 'host_unreachable' },
  { outcome: 'unreachable', errorType: 'net_unreachable' },
]

/** By errno, asm-generic/errno.h */
const UNREACHABLE: Readonly<Record<number, number>> = { 113: 7, 101: 8 }

/** Index in `ATTEMPT_RESULTS`; -1 for an attempt that is pending. @param outcome index in `OUTCOMES` */
export function resultOf(outcome: number, errno: number): number {
  if (OUTCOMES[outcome] === 'unreachable') return UNREACHABLE[errno] ?? outcome
  return OUTCOMES[outcome] === ATTEMPT_RESULTS[outcome]?.outcome ? outcome : -1
}
