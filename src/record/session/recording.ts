import type { Session } from './begin-session.js'
import { LAST_CLOSE_WAIT_MS } from './open-output.js'
import { createTally, type Tally } from './tally.js'
import type { Pump } from './pump.js'

/** What goes into one file: its session, and what moves attempts into it. */
export interface Part {
  readonly session: Session
  readonly pump: Pump
}

/** A recording under way. */
export interface Recording {
  /** What is recorded into now. */
  readonly part: Part
  /** The files that were left. */
  readonly tally: Tally
  /** What is to be done now and then. To be called when all that was read is written, on the recording's clock in ns. */
  tend(nowNs: number): void
  /** Closes all files that are open. */
  close(): void
}

/** A recording into one file. */
export function createRecording(part: Part): Recording {
  return { part, tally: createTally(), tend() {}, close: () => part.session.output.close(LAST_CLOSE_WAIT_MS) }
}
