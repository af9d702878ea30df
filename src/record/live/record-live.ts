import type { UserNames } from '../host/user-names.js'
import { record, type Display } from '../record.js'
import type { RecordOptions } from '../options/record-options.js'
import type { Session } from '../session/begin-session.js'
import type { StopSignal } from '../session/stop-signal.js'
import { BATCH_ROWS } from '../write/trace-writer.js'
import { createFeed, type LiveOptions } from './live.js'
import { createLiveOutput } from './live-output.js'
import { teeRing } from './tee-ring.js'

/** Shows attempts as they happen and records them: what is shown is in the trace. @returns the exit status */
export async function recordLive(options: LiveOptions, recording: RecordOptions): Promise<number> {
  return record(recording, (session, users, stop) => openDisplay(options, session, { users, stop }))
}

function openDisplay(
  options: LiveOptions,
  { probe, clock }: Session,
  { users, stop }: { users: UserNames; stop: StopSignal },
): Display {
  // Whoever reads has seen enough: the recording ends as it should.
  process.stdout.on('reader-gone', () => stop.stop('interrupt'))
  const { ring, copy } = teeRing(probe.ring, BATCH_ROWS)
  const feed = createFeed(options, { probe: { pending: probe.pending, ring: copy }, users, clock })
  const output = createLiveOutput(options.view)
  const show = (nowNs: number) => output.add(feed.poll(nowNs), nowNs)
  output.begin()
  return {
    probe: { ...probe, ring },
    status: { add: (_, nowNs) => show(nowNs), draw: show, clear() {} },
    end() {
      const endNs = clock.nowNs()
      output.add(feed.finish(endNs), endNs)
      output.end()
    },
  }
}
