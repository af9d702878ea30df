import type { CgroupPaths } from '../host/cgroup-paths.js'
import type { SessionClock } from '../host/clock.js'
import type { Probe } from '../probe/load-probe.js'
import type { RingReader } from '../probe/ring-reader.js'
import { createContext, type Context } from './context-reader.js'

export interface ExplainOptions {
  readonly clock: SessionClock
  readonly cgroupPaths: CgroupPaths
  /** Whether somebody writes the lookups */
  readonly keepsLookups: boolean
}

/** What explains attempts, and how they are passed on with it. */
export interface Explained {
  /** Its attempts are passed on only after what explains them was read. */
  readonly probe: Probe
  readonly context: Context
  /**
   * Reads what explains the attempts that are in the ring now: what comes in meanwhile is for the next time. For whoever takes
   * them out of the ring of the probe itself. @returns how many bytes of the ring these are
   */
  explain(): number
}

export function explainEvents(probe: Probe, { clock, ...options }: ExplainOptions): Explained {
  const context = createContext({
    ring: probe.context,
    lostRecords: probe.lostContext,
    epochNs: clock.epochNs,
    nowNs: clock.nowNs,
    ...options,
  })
  const { ring } = probe
  const explain = () => {
    const waitingBytes = ring.pendingBytes()
    context.read()
    return waitingBytes
  }
  const peek: RingReader['peek'] = (take, limit) => ring.peek(take, limit, explain())
  return { probe: { ...probe, ring: { ...ring, peek } }, context, explain }
}
