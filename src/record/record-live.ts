import { formatPlural } from '../text/format-number.js'
import { record, type Scene } from './record.js'
import type { RecordOptions } from './options/record-options.js'
import type { Session } from './session/begin-session.js'
import { createFeed, type LiveOptions } from './live/live.js'
import type { ConnectRow } from '../view/connect-row.js'
import { createLiveOutput } from './live/live-output.js'
import type { Display } from './session/run-session.js'

/** Limit of bytes waiting for a slow reader. More rows are only recorded, not shown. */
const MAX_WAITING_BYTES = 1 << 22

/** Sets what ends the recording when the reader of stdout has closed the pipe, instead of an immediate exit. */
export type WhenReaderGone = (end: () => void) => void

/** Shows attempts and records them. @returns the exit status */
export async function recordLive(
  options: LiveOptions,
  recording: RecordOptions,
  whenReaderGone: WhenReaderGone,
): Promise<number> {
  return record(recording, (session, scene) => {
    whenReaderGone(() => scene.stop.stop('interrupt'))
    return openDisplay(options, session, scene)
  })
}

function openDisplay(options: LiveOptions, session: Session, { users }: Scene): Display {
  const feed = createFeed(options, { ...session, users })
  const output = createLiveOutput(options.view)
  let hidden = 0
  const print = (rows: readonly ConnectRow[], nowNs: number) => {
    // A recording does not wait for the reader.
    if (process.stdout.writableLength > MAX_WAITING_BYTES) hidden += rows.length
    else output.add(rows, nowNs)
  }
  return {
    begin: output.begin,
    observe({ memory, forEachEvent }, nowNs) {
      forEachEvent((byteOffset) => feed.add(memory, byteOffset))
      print(feed.takeDue(nowNs), nowNs)
    },
    // Between batches: the ring is empty if all ended attempts were fed.
    draw: (nowNs) => print(feed.poll(nowNs), nowNs),
    clear() {},
    end() {
      const endNs = session.clock.nowNs()
      output.add(feed.finish(endNs), endNs)
      output.end()
      if (hidden > 0) process.stderr.write(describeHidden(hidden))
    },
  }
}

function describeHidden(rows: number): string {
  const attempts = formatPlural(rows, 'attempt')
  return `${attempts} not shown: the reader of stdout was too slow; all are in the trace\n`
}
