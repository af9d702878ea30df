/**
 * Generates a trace with the recorder's own writer. A process of its own:
 *
 *   node make-trace.js TRACE ATTEMPTS
 */
import { closeSession, insertSession } from '../../src/record/session/session-row.js'
import { openOutput } from '../../src/record/output/open-output.js'
import { BATCH_ROWS, createTraceWriter } from '../../src/record/write/trace-writer.js'
import { createAttemptEvents } from './attempt-events.js'

const NO_LOSS = { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }
const INTERVAL_NS = 100_000
const STARTED_UNIX_NS = 1_750_000_000_123_456_789n

const [path = '', attempts = ''] = process.argv.slice(2)
const count = Number(attempts)
const output = openOutput(path)
const sessionId = insertSession(output.db, {
  toolVersion: 'bench',
  commandLine: 'tcpconn record',
  rotationBase: null,
  filters: '{}',
  ringBytes: 8 * 1024 * 1024,
  startedUnixNs: STARTED_UNIX_NS,
  dnsSource: null,
  dnsPorts: [],
  localErrors: false,
  nat: false,
  host: 'web1',
  limits: [],
})
const names = {
  userName: (uid: number) => `user-${uid}`,
  cgroupPath: (id: bigint) => `/system.slice/service-${id}`,
  containerFacts: () => undefined,
}
const writer = createTraceWriter(output.db, { sessionId, epochNs: 1_000_000_000n, names, metadata: null })
const events = createAttemptEvents(BATCH_ROWS, 1)
let written = 0
while (written < count) {
  const wanted = Math.min(BATCH_ROWS, count - written)
  const source = (take: (byteOffset: number) => void) => {
    events.fill(wanted, take)
    return wanted
  }
  written += writer.write(events.memory, source, NO_LOSS, written * INTERVAL_NS)
}
writer.flushWindow()
closeSession(output.db, sessionId, {
  durationNs: count * INTERVAL_NS,
  reason: 'duration',
  loss: NO_LOSS,
  completeness: { kernelMin: count, kernelMax: count, comparable: count, uncomparable: 0 },
  dns: { lost: 0, malformed: 0, evicted: 0 },
  skipped: { all: 0, uncovered: 0 },
  lostProcesses: 0,
  lostDetails: { addresses: 0 },
})
output.close()
