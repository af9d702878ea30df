import type { Database } from 'better-sqlite3'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import { createRandom } from '../../store/random.js'
import { sampleEvents } from '../../analyze/sample-events.js'
import { packEvents } from '../make-events.js'
import { createWriter, openNewTrace } from '../new-trace.js'

/** A trace with this many windows of 20 attempts, and the rollups that the writer made of them. */
export function makeWindows(count: number, { rollsUp = true } = {}): Database {
  const trace = openNewTrace()
  const writer = createWriter(trace)
  const random = createRandom(9)
  // More calls than windows: rollups of a higher level need steps of their own.
  for (let i = 0; i < count + (rollsUp ? 12 : 0); i++) {
    const packed = packEvents(i < count ? sampleEvents(random, 20) : [])
    writer.write(packed, packed.source, NO_LOSS, 1e9)
    writer.flushWindow()
  }
  if (!rollsUp) trace.db.exec('DELETE FROM window_rollup')
  return trace.db
}
