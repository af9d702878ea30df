import { NO_LOSS } from '../../attempt/loss-causes.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import { PENDING } from '../write/decode-connect.js'
import type { RecordFilters } from '../options/record-options.js'
import { outcomeMask } from '../probe/pack-probe-config.js'
import type { PendingEvents } from '../probe/pending.js'
import { connectEvent } from '../event/wire.gen.js'
import { BATCH_ROWS, type TraceWriter } from '../write/trace-writer.js'

/**
 * Writes the pending attempts.
 * @param monotonicNs end of the recording: latency filters compare the age of an attempt
 * @returns rows written
 */
export function writePending(
  writer: TraceWriter,
  events: PendingEvents,
  filters: RecordFilters,
  times: { readonly monotonicNs: bigint; readonly nowNs: number },
): number {
  if (!((outcomeMask(filters.outcomes) >>> PENDING) & 1)) return 0
  const offsets = offsetsOf(events).filter(
    (offset) => waited(events, offset, times.monotonicNs) >= filters.minLatencyNs,
  )
  let next = 0
  while (next < offsets.length) {
    const chunk = offsets.slice(next, next + BATCH_ROWS)
    const source = (take: (byteOffset: number) => void) => {
      chunk.forEach(take)
      return chunk.length
    }
    writer.write(events, source, NO_LOSS, times.nowNs, PENDING)
    next += chunk.length
  }
  return offsets.length
}

function offsetsOf(events: PendingEvents): number[] {
  return Array.from({ length: events.count }, (_, i) => i * connectEvent.size_bytes)
}

function waited(events: PendingEvents, offset: number, monotonicNs: bigint): number {
  const started = new DataView(events.bytes.buffer).getBigUint64(offset + connectEvent.started_ns, true)
  return Number(monotonicNs - started)
}

if (OUTCOMES[PENDING] !== 'pending') throw new Error('the outcomes of probe and trace differ')
