import type { Session } from './begin-session.js'
import { LAST_CLOSE_WAIT_MS } from '../output/open-output.js'
import { createRecordingTotals, type RecordingTotals } from './recording-totals.js'
import type { Pump } from './pump.js'

/** Writes one file: its session, and the pump that fills it. */
export interface Part {
  readonly session: Session
  readonly pump: Pump
}

/** A running recording. */
export interface Recording {
  /** The current file. */
  readonly part: Part
  /** Totals of the finished files. */
  readonly totals: RecordingTotals
  /** Whether `tend` starts the next file now: names that are to be in this one must be known. */
  endsFile(nowNs: number): boolean
  /**
   * Periodic work such as rotation. Call after writing everything that was read, with the recording's clock in ns. It delays
   * reading the ring: call it in `hold` of the pump.
   */
  tend(nowNs: number): void
  /** Closes all open files. */
  close(): void
}

/** A recording into one file. */
export function createRecording(part: Part): Recording {
  return {
    part,
    totals: createRecordingTotals(),
    endsFile: () => false,
    tend() {},
    close: () => part.session.output.close(LAST_CLOSE_WAIT_MS),
  }
}
