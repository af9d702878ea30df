import { OUTCOMES } from '../../src/attempt/outcome.js'
import { randomInteger } from '../store/random.js'
import { LOOPBACK6, MAPPED_PREFIX, type EventFields } from './make-events.js'

/** Random attempts of some processes to some endpoints. */
export function randomEvents(random: () => number, count: number): Partial<EventFields>[] {
  return Array.from({ length: count }, () => {
    const outcome = random() < 0.7 ? 0 : randomInteger(random, 0, OUTCOMES.length - 1)
    return {
      startedNs: BigInt(randomInteger(random, 0, 1e12)),
      latencyNs: BigInt(Math.floor(2 ** (random() * 40))),
      pid: randomInteger(random, 0, 30),
      cgroupId: BigInt(randomInteger(random, 1, 200)),
      remotePort: randomInteger(random, 1, 12),
      remoteAddress: random() < 0.5 ? LOOPBACK6 : `${MAPPED_PREFIX}0a000001`,
      outcome,
      error: outcome === 1 ? 111 : 0,
      synRetransmits: random() < 0.1 ? randomInteger(random, 1, 9) : 0,
      flags: random() < 0.2 ? randomInteger(random, 0, 127) : 0,
    }
  })
}
