import { NO_LOSS } from '../../src/attempt/loss-causes.js'
import { openOutput } from '../../src/record/output/open-output.js'
import { closeSession, insertSession } from '../../src/record/session/session-row.js'
import { createTraceWriter } from '../../src/record/write/trace-writer.js'
import type { AttemptEvents } from './attempt-events.js'

const STARTED_UNIX_NS = 1_750_000_000_123_456_789n

/** A trace with one session that this process records. */
export interface GrowingTrace {
  /** Attempts that were written */
  readonly written: number
  /** Commits the next attempts. @param count at most `BATCH_ROWS` */
  write(events: AttemptEvents, count: number): void
  /** Ends the session and closes the file. */
  end(): void
}

/** Begins a trace with the recorder's own writer. @param intervalNs between two attempts */
export function beginTrace(path: string, host: string, intervalNs: number): GrowingTrace {
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
    host,
    limits: [],
  })
  const names = {
    userName: (uid: number) => `user-${uid}`,
    cgroupPath: (id: bigint) => `/system.slice/service-${id}`,
    containerFacts: () => undefined,
  }
  const writer = createTraceWriter(output.db, { sessionId, epochNs: 1_000_000_000n, names, metadata: null })
  let written = 0
  return {
    get written() {
      return written
    },
    write(events, count) {
      const source = (take: (byteOffset: number) => void) => {
        events.fill(count, take)
        return count
      }
      written += writer.write(events.memory, source, NO_LOSS, written * intervalNs)
    },
    end() {
      writer.flushWindow()
      closeSession(output.db, sessionId, {
        durationNs: written * intervalNs,
        reason: 'duration',
        loss: NO_LOSS,
        completeness: { kernelMin: written, kernelMax: written, comparable: written, uncomparable: 0 },
        dns: { lost: 0, malformed: 0, evicted: 0 },
        skipped: { all: 0, uncovered: 0 },
        lostProcesses: 0,
        lostDetails: { addresses: 0 },
      })
      output.close()
    },
  }
}
