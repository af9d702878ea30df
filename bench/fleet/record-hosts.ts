/**
 * Records the traces of simulated hosts with the recorder's own writer, some hosts at a time. A process of its own:
 *
 *   node record-hosts.js DIRECTORY HOSTS SECONDS SHARES PAUSE_MS
 *
 * The traces of host I are in DIRECTORY/I modulo SHARES. Each grows step by step, with a pause after each step.
 */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createAttemptEvents } from '../traces/attempt-events.js'
import { beginTrace } from '../traces/growing-trace.js'

/** 100 attempts per second. */
const HOST = { endpoints: 200, processes: 20, intervalNs: 10_000_000 }
/** Hosts that are recorded at the same time: a writer has some MB of memory. */
const AT_ONCE = 50
/** Recorded seconds of a step */
const STEP_SECONDS = 5

const [directory = '', ...numbers] = process.argv.slice(2)
const [hosts = 0, seconds = 0, shares = 1, pauseMs = 0] = numbers.map(Number)
/** Of a second, which is one commit */
const attempts = 1e9 / HOST.intervalNs
for (let first = 0; first < hosts; first += AT_ONCE) {
  const recorded = Array.from({ length: Math.min(AT_ONCE, hosts - first) }, (_, i) => {
    const host = first + i
    const name = `host-${String(host).padStart(4, '0')}`
    return {
      trace: beginTrace(join(directory, String(host % shares), `${name}.db`), name, HOST.intervalNs),
      events: createAttemptEvents(attempts, host + 1, HOST),
    }
  })
  for (let second = 1; second <= seconds; second++) {
    for (const { trace, events } of recorded) trace.write(events, attempts)
    if (second % STEP_SECONDS === 0) await setTimeout(pauseMs)
  }
  for (const { trace } of recorded) trace.end()
}
