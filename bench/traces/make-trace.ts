/**
 * Generates a trace with the recorder's own writer. A process of its own:
 *
 *   node make-trace.js TRACE ATTEMPTS
 */
import { BATCH_ROWS } from '../../src/record/write/trace-writer.js'
import { BUSY, createAttemptEvents } from './attempt-events.js'
import { beginTrace } from './growing-trace.js'

const [path = '', attempts = ''] = process.argv.slice(2)
const count = Number(attempts)
const trace = beginTrace(path, 'web1', BUSY.intervalNs)
const events = createAttemptEvents(BATCH_ROWS, 1)
while (trace.written < count) trace.write(events, Math.min(BATCH_ROWS, count - trace.written))
trace.end()
