import { MAPPED_PREFIX, type EventFields } from '../record/make-events.js'
import { makeSampleTrace } from '../analyze/sample-trace.js'

/** A closed trace with these attempts. */
export function makeTopTrace(events: readonly Partial<EventFields>[]): string {
  const { db, file } = makeSampleTrace({ batches: [events] })
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

/** Ten seconds: each has ten attempts to port 443, one of them refused, and from the third second on one to port 80. */
export function tenSeconds(): Partial<EventFields>[] {
  return Array.from({ length: 10 }, (_none, second) => {
    const at = (ms: number) => ({ startedNs: BigInt(second) * 1_000_000_000n + BigInt(ms) * 1_000_000n })
    const address = { remoteAddress: `${MAPPED_PREFIX}c0000201` }
    const web = Array.from({ length: 10 }, (_, i) => {
      const result = i === 5 ? { outcome: 1, error: 111 } : {}
      return { ...at(i * 50), ...address, remotePort: 443, latencyNs: 2_000_000n, ...result }
    })
    return second < 2
      ? web
      : [...web, { ...at(600), ...address, remotePort: 80, latencyNs: 1_000_000n, synRetransmits: 1 }]
  }).flat()
}

/** Two seconds of attempts to this many endpoints. */
export function manyEndpoints(count: number): Partial<EventFields>[] {
  return Array.from({ length: count }, (_, i) => ({
    startedNs: (2_000_000_000n * BigInt(i)) / BigInt(count),
    remoteAddress: `${MAPPED_PREFIX}0a${i.toString(16).padStart(6, '0')}`,
    remotePort: 443,
    latencyNs: 1_000_000n,
  }))
}

/**
 * Four minutes: each second has attempts to 60 endpoints that no other second has, and that sort before all earlier
 * ones.
 */
export function newEndpointsEachSecond(): Partial<EventFields>[] {
  return Array.from({ length: 240 * 60 }, (_, i) => {
    const second = Math.floor(i / 60)
    const address = (239 - second) * 256 + (i % 60)
    return {
      startedNs: BigInt(second) * 1_000_000_000n + BigInt(i % 60) * 1_000_000n,
      remoteAddress: `${MAPPED_PREFIX}0a${address.toString(16).padStart(6, '0')}`,
      remotePort: 443,
      latencyNs: 1_000_000n,
    }
  })
}
