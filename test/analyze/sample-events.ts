import { LOOPBACK6, MAPPED_PREFIX, type EventFields } from '../record/make-events.js'
import { randomInteger } from '../store/random.js'

const ERRNO_OF_OUTCOME = [0, 111, 110, 113, 104, 0, 99, 0]

/** Attempts to a few endpoints: a popular one, some less popular, and one that always refuses. */
export function sampleEvents(random: () => number, count: number): Partial<EventFields>[] {
  return Array.from({ length: count }, () => {
    const endpoint = Math.floor(random() ** 2 * 8)
    const outcome = endpoint === 5 ? 1 : random() < 0.85 ? 0 : randomInteger(random, 0, 7)
    return {
      startedNs: BigInt(randomInteger(random, 0, 60e9)),
      latencyNs: BigInt(Math.round(50_000 * (endpoint + 1) * (1 - random()) ** -1.5)),
      remoteAddress: endpoint % 2 ? LOOPBACK6 : `${MAPPED_PREFIX}0a00000${endpoint}`,
      remotePort: 443 + endpoint,
      outcome,
      error: ERRNO_OF_OUTCOME[outcome] as number,
      synRetransmits: outcome === 2 || random() < 0.03 ? randomInteger(random, 1, 6) : 0,
      flags: random() < 0.1 ? randomInteger(random, 1, 31) : 0,
    }
  })
}
