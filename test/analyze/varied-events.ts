import { connectFlag } from '../../src/record/event/wire.gen.js'
import { randomInteger } from '../store/random.js'
import { LOOPBACK6, MAPPED_PREFIX, type EventFields } from '../record/make-events.js'

const ERRNO_OF_OUTCOME = [0, 111, 110, 113, 104, 0, 99, 0]

/** Attempts of a few users, processes, cgroups and endpoints over two minutes, in the order of their end. */
export function variedEvents(random: () => number, count: number): Partial<EventFields>[] {
  const events = Array.from({ length: count }, () => variedEvent(random))
  return events.toSorted((a, b) => Number(a.startedNs! + a.latencyNs! - b.startedNs! - b.latencyNs!))
}

/**
 * Marks some attempts as fast open and some as inexact.
 * @param chance 0 to below 1
 */
function flagsOf(chance: number): number {
  if (chance < 0.1) return connectFlag.fast_open
  return chance > 0.95 ? connectFlag.inexact : 0
}

function variedEvent(random: () => number): Partial<EventFields> {
  const outcome = random() < 0.8 ? 0 : randomInteger(random, 1, 7)
  const endpoint = Math.floor(random() ** 2 * 12)
  const process = randomInteger(random, 0, 5)
  return {
    startedNs: BigInt(randomInteger(random, 0, 120e9)),
    latencyNs: BigInt(Math.round(30_000 * (endpoint + 1) * (1 - random()) ** -1.5)),
    pid: 100 + process,
    tid: 100 + process + (random() < 0.3 ? 7 : 0),
    processStartNs: BigInt(5e9 + process),
    comm: random() < 0.5 ? 'worker' : `thread-${process}`,
    exe: process % 2 ? 'curl' : 'java',
    uid: [0, 33, 1000][process % 3] as number,
    cgroupId: BigInt(1 + (process % 2)),
    netns: 4_026_531_840 + (process % 2),
    netnsCookie: BigInt(process % 4),
    remoteAddress: endpoint % 3 === 0 ? LOOPBACK6 : `${MAPPED_PREFIX}0a00${endpoint.toString(16).padStart(2, '0')}01`,
    family: endpoint % 3 === 0 ? 6 : 4,
    remotePort: 443 + (endpoint % 2),
    outcome,
    error: ERRNO_OF_OUTCOME[outcome] as number,
    synRetransmits: outcome === 2 || random() < 0.05 ? randomInteger(random, 1, 6) : 0,
    flags: flagsOf(random()),
  }
}
