import { createBatch, type AttemptBatch } from '../../../src/record/write/attempt-batch.js'
import type { LatencyWindow } from '../../../src/record/write/latency-window.js'

/** The properties of an attempt that a window sums up. Process and endpoint are entry numbers. */
export interface AttemptFields {
  readonly startedNs: number
  readonly latencyNs: number
  readonly outcome: number
  readonly synRetransmits: number
  readonly flags: number
  readonly process: number
  readonly endpoint: number
}

/** Adds attempts to a window, as one batch. Missing properties are 0: established, without flags. */
export function addAttempts(window: LatencyWindow, attempts: readonly Partial<AttemptFields>[]): void {
  const batch = makeBatch(attempts)
  for (let row = 0; row < batch.count; row++) window.add(batch, row)
}

function makeBatch(attempts: readonly Partial<AttemptFields>[]): AttemptBatch {
  const batch = createBatch(attempts.length)
  const shapes = new Map<string, number>()
  attempts.forEach(({ outcome = 0, synRetransmits = 0, flags = 0, ...attempt }, row) => {
    const key = [outcome, synRetransmits, flags].join()
    const shape = shapes.get(key) ?? batch.shapes.push({ outcome, errno: 0, synRetransmits, flags }) - 1
    shapes.set(key, shape)
    batch.shape[row] = shape
    batch.startedNs[row] = attempt.startedNs ?? 0
    batch.latencyNs[row] = attempt.latencyNs ?? 0
    batch.processEntry[row] = attempt.process ?? 0
    batch.endpointEntry[row] = attempt.endpoint ?? 0
  })
  batch.count = attempts.length
  return batch
}
