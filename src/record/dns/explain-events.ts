import type { CgroupPaths } from '../host/cgroup-paths.js'
import type { SessionClock } from '../host/clock.js'
import type { Probe } from '../probe/load-probe.js'
import { RECORD_BYTES, type RingReader } from '../probe/ring-reader.js'
import { createContext, type Context } from './context-reader.js'

export interface ExplainOptions {
  readonly clock: SessionClock
  readonly cgroupPaths: CgroupPaths
  /** Whether somebody writes the lookups */
  readonly keepsLookups: boolean
}

/** A probe whose attempts are passed on only after what explains them was read, and the context that it is read into. */
export function explainEvents(probe: Probe, { clock, ...options }: ExplainOptions): { probe: Probe; context: Context } {
  const context = createContext({
    ring: probe.context,
    lostRecords: probe.lostContext,
    epochNs: clock.epochNs,
    nowNs: clock.nowNs,
    ...options,
  })
  return { probe: { ...probe, ring: createExplainedRing(probe.ring, context) }, context }
}

/** What is in the ring was explained before: what comes in meanwhile is for the next time. */
function createExplainedRing(ring: RingReader, context: Pick<Context, 'read'>): RingReader {
  return {
    ...ring,
    peek(take, limit) {
      const waiting = ring.pendingBytes() / RECORD_BYTES
      context.read()
      return ring.peek(take, Math.min(limit, waiting))
    },
  }
}
