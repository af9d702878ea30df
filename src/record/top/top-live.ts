import { safeLine } from '../../text/safe-text.js'
import type { TopOptions } from '../../top/top-options.js'
import { createTopView } from '../../top/top-view.js'
import { requireTerminal } from '../../top/terminal/screen.js'
import { beginLive } from '../live/begin-live.js'
import { describeLosses } from '../live/describe-losses.js'
import { startProbe, type StartedProbe } from '../session/start-probe.js'
import type { StopSignal } from '../session/stop-signal.js'
import { createLiveSource } from './live-source.js'
import type { TopLiveOptions } from './parse-top-live.js'

/** The ring has room for 100,000 attempts, three seconds at the highest rates measured. */
const TICK_MS = 150
/** Events read from the ring at a time; the kernel gets their space back before the next read. */
const READ_EVENTS = 16_384

/** Shows the table until stopped. Losses are shown above it, and printed on stderr at the end. */
export async function topLive(options: TopLiveOptions, table: TopOptions): Promise<void> {
  if (!table.once) requireTerminal()
  const started = startProbe({ ...options, followsCommand: false })
  try {
    const notices = await show({ options, table }, started)
    if (!table.once) for (const notice of notices()) process.stderr.write(`${safeLine(notice)}\n`)
  } finally {
    started.containers.close()
    started.probe.close()
  }
}

async function show(
  { options, table }: { readonly options: TopLiveOptions; readonly table: TopOptions },
  { probe, containers, users }: Pick<StartedProbe, 'probe' | 'containers' | 'users'>,
): Promise<() => string[]> {
  const parts = beginLive(options.host, { probe, containers }, null)
  const { clock, metadata, stop } = parts
  const notices = () => describeLosses({ probe, containers, dns: options.dnsSource && metadata.counts(), nat: null })
  const { source, attempts } = createLiveSource(parts, {
    users,
    dnsSource: options.dnsSource,
    notices,
    quit: () => stop.stop('interrupt'),
  })
  const view = createTopView(table, source)
  let shown = 0
  const take = (nowNs: number) => {
    let leftBytes = probe.ring.pendingBytes()
    metadata.read()
    while (leftBytes > 0) {
      shown += probe.ring.peek((at) => view.add(attempts.read(probe.ring, at, nowNs)), READ_EVENTS, leftBytes)
      const givenBytes = probe.ring.release()
      leftBytes = givenBytes === 0 ? 0 : leftBytes - givenBytes
    }
  }
  try {
    probe.start()
    view.begin()
    while (stop.reason === null) {
      const nowNs = clock.nowNs()
      view.advance(nowNs)
      take(nowNs)
      view.draw()
      probe.tend(shown)
      probe.forgetProcesses()
      await waitForTick(stop, ((options.durationNs ?? Infinity) - clock.nowNs()) / 1e6)
    }
    probe.stop()
    take(clock.nowNs())
    view.end(clock.nowNs())
  } finally {
    view.leave()
  }
  probe.detach()
  return notices
}

async function waitForTick(stop: StopSignal, leftMs: number): Promise<void> {
  if (leftMs <= 0) stop.stop('duration')
  else await stop.wait(Math.min(leftMs, TICK_MS))
}
