import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import type { ContainerFacts } from '../../../src/record/runtimes/container-facts.js'
import { openOutput, type Output } from '../../../src/record/output/open-output.js'
import { closeSession, insertSession } from '../../../src/record/session/session-row.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { addLookups } from '../../analyze/add-lookups.js'
import { sampleEvents } from '../../analyze/sample-events.js'
import { packEvents } from '../../record/make-events.js'
import { PLAIN_SESSION } from '../../record/new-trace.js'
import { createRandom } from '../../store/random.js'

/**
 * A closed trace, and one of a killed recorder: half of its rows are in its log.
 * @returns the paths of each, the trace first
 */
export function makeTraces(directory: string): (readonly [string, ...string[]])[] {
  const at = (name: string) => join(directory, name)
  writeTrace(at('trace.db')).close()
  const output = writeTrace(at('open.db'), (db) => db.pragma('wal_checkpoint(TRUNCATE)'))
  for (const suffix of ['', '-wal']) copyFileSync(at(`open.db${suffix}`), at(`killed.db${suffix}`))
  output.close()
  return [[at('trace.db')], [at('killed.db'), at('killed.db-wal')]]
}

const POD: ContainerFacts = {
  runtime: 'docker',
  name: 'k8s_cart_cart-0_shop',
  image: 'shop/cart:1',
  podName: 'cart-0',
  podNamespace: 'shop',
  podUid: 'a-uid',
  podContainer: 'cart',
}

/**
 * Writes some windows, rows after them, and lookups, as the recorder does.
 * @param midway is called when there are some rows of each kind
 */
function writeTrace(file: string, midway: (db: Database) => void = () => {}): Output {
  const output = openOutput(file)
  const { db } = output
  const sessionId = insertSession(db, PLAIN_SESSION)
  const names = {
    userName: () => 'a-user',
    cgroupPath: (id: bigint) => `/docker/${id.toString(16).padStart(64, '0')}`,
    containerFacts: () => POD,
  }
  const writer = createTraceWriter(db, { sessionId, epochNs: 0n, names, metadata: null })
  const random = createRandom(1)
  const write = (...counts: number[]) => {
    for (const count of counts) {
      const packed = packEvents(sampleEvents(random, count))
      if (count === 0) writer.flushWindow()
      else writer.write(packed, packed.source, NO_LOSS, 1e9)
    }
  }
  write(100, 0)
  addLookups(db, random, 40)
  midway(db)
  write(60, 0, 12)
  closeSession(db, sessionId, {
    durationNs: 60e9,
    reason: 'duration',
    loss: NO_LOSS,
    completeness: { kernelMin: 172, kernelMax: 172, comparable: 172, uncomparable: 0 },
    dns: { lost: 0, malformed: 0, evicted: 0 },
    skipped: null,
    lostProcesses: 0,
    lostDetails: { addresses: 0 },
  })
  return output
}
