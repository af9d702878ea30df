import { formatPlural } from '../../show/format-number.js'
import { record, type Display, type Scene } from '../record.js'
import type { RecordOptions } from '../options/record-options.js'
import type { Session } from '../session/begin-session.js'
import { BATCH_ROWS } from '../write/trace-writer.js'
import { createFeed, type LiveOptions } from './live.js'
import { createLiveOutput } from './live-output.js'
import { teeRing } from './tee-ring.js'

/** Bytes that wait for a slow reader, beyond which rows are in the trace alone. */
const MAX_WAITING_BYTES = 1 << 22

/** Shows attempts as they happen and records them. @returns the exit status */
export async function recordLive(options: LiveOptions, recording: RecordOptions): Promise<number> {
  return record(recording, (session, scene) => openDisplay(options, session, scene))
}

function openDisplay(
  options: LiveOptions,
  { probe, clock, context, cgroupPaths }: Session,
  { users, stop }: Scene,
): Display {
  // Whoever reads has seen enough: the recording ends as it should.
  process.stdout.on('reader-gone', () => stop.stop('interrupt'))
  const { ring, copy } = teeRing(probe.ring, BATCH_ROWS)
  const feed = createFeed(options, {
    // What was written was explained before.
    probe: {
      ring: copy,
      explain: () => Infinity,
      pending: probe.pending,
      isEmpty: () => probe.ring.pendingBytes() === 0,
    },
    names: { users, cgroupPaths, dns: context.names },
    clock,
  })
  const output = createLiveOutput(options.view)
  let hidden = 0
  const show = (nowNs: number) => {
    const rows = feed.poll(nowNs)
    // A recording does not wait for whoever reads.
    if (process.stdout.writableLength > MAX_WAITING_BYTES) hidden += rows.length
    else output.add(rows, nowNs)
  }
  return {
    begin: output.begin,
    probe: { ...probe, ring },
    status: { add: (_, nowNs) => show(nowNs), draw: show, clear() {} },
    end() {
      const endNs = clock.nowNs()
      output.add(feed.finish(endNs), endNs)
      output.end()
      if (hidden > 0) process.stderr.write(describeHidden(hidden))
    },
  }
}

function describeHidden(rows: number): string {
  const attempts = formatPlural(rows, 'attempt')
  return `${attempts} not shown: whoever reads stdout was too slow; all are in the trace\n`
}
