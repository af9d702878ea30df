import { isLocked } from '../output/write-fault.js'
import type { StoppedAttempts } from './end-session.js'
import type { Part } from './recording.js'

/** Interval of writes while the last names are awaited, and their number: 10 s, longer than the reader takes to start. */
const SETTLE_MS = 150
export const SETTLE_ROUNDS = 67

/**
 * Waits for the last names of containers, if one has none, and for the last check of their addresses. The attempts have stopped: they are written meanwhile, and a
 * file system that hangs delays only the end.
 */
export async function settleNames({ session, pump }: Part, { endNs }: StoppedAttempts): Promise<void> {
  // All paths of cgroups are known before the attempts that need them.
  session.metadata.finish()
  for (let round = 0; round < SETTLE_ROUNDS; round++) {
    const isWritten = pump.drain(() => endNs)
    if (isWritten && round === 0 && !lacksNames(session)) return
    if (await session.containers.settle(SETTLE_MS)) return
  }
  session.containers.giveUp()
}

/** Adds what is known. @returns whether a container may get a name, and whether addresses have to be checked once more */
function lacksNames({ containers, probe, writer }: Part['session']): boolean {
  try {
    writer.addNames(true)
    return writer.unnamedContainers() > 0 || probe.pending().count > 0 || containers.owners.checkedNs > 0n
  } catch (error) {
    if (isLocked(error)) return true
    throw error
  }
}
