import { NO_LOSS } from '../attempt/loss-causes.js'
import { describeLossCounts, describeLostProcesses, describeSkippedRuns } from '../attempt/loss-text.js'
import { describeReader } from './containers/describe-unnamed.js'
import { formatPlural } from '../text/format-number.js'
import { requireTerminal } from '../top/terminal/screen.js'
import type { TopOptions } from '../top/top-options.js'
import { createTopView } from '../top/top-view.js'
import type { RecordOptions } from './options/record-options.js'
import { record, type Scene } from './record.js'
import type { WhenReaderGone } from './record-live.js'
import type { Session } from './session/begin-session.js'
import type { Display } from './session/run-session.js'
import { createLiveSource } from './top/live-source.js'

/** Shows the table and records the attempts. @returns the exit status */
export async function recordTop(
  table: TopOptions,
  recording: RecordOptions,
  whenReaderGone: WhenReaderGone,
): Promise<number> {
  if (!table.once) requireTerminal()
  return record(recording, (session, scene) => {
    whenReaderGone(() => scene.stop.stop('interrupt'))
    return openDisplay(table, session, scene)
  })
}

function openDisplay(table: TopOptions, session: Session, { users, stop }: Scene): Display {
  const { probe, clock, metadata, cgroupPaths, containers, options } = session
  let lost = 0
  const notices = () => describeLosses(session, lost)
  const { source, attempts } = createLiveSource({
    probe,
    clock,
    users,
    cgroupPaths,
    containers,
    dns: metadata.names,
    dnsSource: options.dnsSource,
    notices,
    quit: () => stop.stop('interrupt'),
  })
  const view = createTopView(table, source)
  return {
    begin: view.begin,
    observe({ memory, forEachEvent }, nowNs) {
      view.advance(nowNs)
      forEachEvent((byteOffset) => view.add(attempts.read(memory, byteOffset, nowNs)))
    },
    draw(nowNs, lostSoFar) {
      lost = lostSoFar
      view.advance(nowNs)
      view.draw()
    },
    clear: view.leave,
    end: () => view.end(clock.nowNs()),
  }
}

/** The summary of the recording has the causes. */
function describeLosses({ probe, containers }: Session, lost: number): string[] {
  const probeLost = describeLossCounts({ ...NO_LOSS, ...probe.lost() })
  const losses = [
    probeLost ?? (lost > 0 ? `LOST ${formatPlural(lost, 'attempt')}` : null),
    describeLostProcesses(probe.lostProcesses()),
    describeSkippedRuns(probe.skipped()?.uncovered ?? 0),
  ]
  return [...losses.filter((loss) => loss !== null), ...describeReader(containers.health())]
}
