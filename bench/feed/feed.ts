/**
 * Measures how fast one core turns ring bytes into committed rows. A process of its own, to be pinned and profiled:
 *
 *   taskset -c 1 node feed.js OBJECT TRACE uniform|mixed ROUNDS EVENTS
 *
 * Prints a line of JSON per round. In the first round, the code is still being compiled. In the same number of further rounds,
 * every batch is also summed up into a second trace: `sumsMs` is the time of that, including windows and rollups.
 */
import type { Probe } from '../../src/record/probe/load-probe.js'
import { createPump } from '../../src/record/session/pump.js'
import { openOutput, type Output } from '../../src/record/output/open-output.js'
import { createTraceWriter, type TraceWriter } from '../../src/record/write/trace-writer.js'
import { openFeedRing, RING_EVENTS } from './feed-ring.js'
import { createSumsMeter, insertBenchSession, type SumsMeter } from './measure-sums.js'

/** Interval of the events of feed.bpf.c: 28,000 per second of session time. */
const INTERVAL_NS = 35714

const [objectPath = '', tracePath = '', outcomes = '', rounds = '', events = ''] = process.argv.slice(2)
const eventCount = Number(events)
const feed = openFeedRing(objectPath, outcomes === 'mixed')
const output = openOutput(tracePath)
const writer = createWriter(output.db)
const nothingLost: ReturnType<Probe['lost']> = { ringFull: 0, mapFull: 0 }
// The parts of a probe that moving events needs.
const probe = { ring: feed.ring, lost: () => nothingLost } as Probe
let sums: SumsMeter | null = null
const metadata = { read() {}, lookups: [] }
// The observer is called before the rows of the batch are counted.
const pump = createPump({ probe, metadata, writer }, [({ rows }) => sums?.add((pump.rows + rows.count) * INTERVAL_NS)])
for (let round = 0; round < Number(rounds); round++) console.log(JSON.stringify(runRound()))
sums = createSumsMeter(`${tracePath}.sums`, writer)
for (let round = 0; round < Number(rounds); round++) {
  const beforeMs = sums.takenMs
  console.log(JSON.stringify({ ...runRound(), sumsMs: sums.takenMs - beforeMs }))
}
sums.close()
writer.flushWindow()
output.close()

/** Only the draining is timed. */
function runRound(): { events: number; wallMs: number; cpuMs: number } {
  const firstRow = pump.rows
  let [wallMs, cpuMs] = [0, 0]
  for (let fed = 0; fed < eventCount;) {
    fed += feed.fill(Math.min(RING_EVENTS, eventCount - fed))
    const cpu = process.cpuUsage()
    const startMs = performance.now()
    // Session time is that of the events, so that windows are closed as often as in a recording.
    pump.drain(() => (firstRow + fed) * INTERVAL_NS)
    wallMs += performance.now() - startMs
    const { user, system } = process.cpuUsage(cpu)
    cpuMs += (user + system) / 1000
  }
  return { events: pump.rows - firstRow, wallMs, cpuMs }
}

function createWriter(db: Output['db']): TraceWriter {
  const sessionId = insertBenchSession(db, feed.ring.sizeBytes)
  const names = { userName: () => null, cgroupPath: () => null, containerFacts: () => undefined }
  return createTraceWriter(db, { sessionId, epochNs: 0n, names, metadata: null })
}
