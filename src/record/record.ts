import { safeLine } from '../text/safe-text.js'
import type { User, UserNames } from './host/user-names.js'
import { recordedWholeHost } from '../attempt/recorded-filters.js'
import { describeFilters } from './options/describe-filters.js'
import type { RecordOptions } from './options/record-options.js'
import { beginFirst } from './rotate/begin-first.js'
import { createFileNames } from './retention/file-names.js'
import { createRotatingRecording } from './rotate/rotating-recording.js'
import type { MetricsOutlets, RunningMetrics } from './metrics/metrics.js'
import { createRecordedStarts } from './rotate/recorded-starts.js'
import { openNotifier, type Notifier } from './service/notifier.js'
import type { Session } from './session/begin-session.js'
import { holdCommand, requireCommand, type HeldCommand } from './child/child-process.js'
import { describeDaemonClient } from './child/daemon-client.js'
import { endSession, failSession, stopAttempts, type SessionResult } from './session/end-session.js'
import { createKernelCount, type KernelCount } from './count/kernel-count.js'
import { createPump, type Observer } from './session/pump.js'
import { createRecording, type Part, type Recording } from './session/recording.js'
import { runSession, type Display } from './session/run-session.js'
import { createSignalRelay, type SignalRelay } from './child/signal-relay.js'
import { settleNames } from './session/settle-names.js'
import { startProbe } from './session/start-probe.js'
import { createStopSignal, stopOnSignals, type StopSignal } from './session/stop-signal.js'
import { writeFault } from './output/write-fault.js'
import { describeProblems, reportResult } from './summary/report-result.js'
import { createStatusDisplay } from './status/status-display.js'
import type { FileProgress } from './status/status-line.js'

/**
 * Records until the duration is reached, a signal arrives or the command ends.
 * @returns the exit status of the command, or 0
 */
export async function record(
  options: RecordOptions,
  openDisplay: (session: Session, scene: Scene) => Display = createStatusDisplay,
): Promise<number> {
  const notifier = openNotifier()
  const commandLimits = [describeDaemonClient(options.command)].filter((limit) => limit !== null)
  for (const limit of commandLimits) sayLine(`note: ${safeLine(limit)}`)
  const followsCommand = options.command.length > 0
  const isWholeHost = recordedWholeHost(describeFilters(options.filters, options.command))
  let kernelCount: KernelCount | null = null
  const { probe, containers, users, user, limits } = startProbe({ ...options, followsCommand }, () => {
    if (isWholeHost) kernelCount = createKernelCount(options.host.root)
  })
  let outlets: MetricsOutlets | null = null
  let metrics: RunningMetrics | null = null
  try {
    if (options.command[0] !== undefined) requireCommand(options.command[0])
    // Bound without privileges, and before a file is opened: from here on nothing waits until recording begins.
    if (options.metrics !== null) {
      // Without metrics, their servers and clients are not loaded: recording begins earlier.
      const { openOutlets } = await import('./metrics/metrics.js')
      outlets = await openOutlets(options.metrics)
    }
    const signals = catchSignals(options)
    const parts = { options, probe, containers, kernelCount, limits: [...commandLimits, ...limits] }
    const session = beginFirst(parts, users, sayLine)
    const files = createFileProgress()
    const display = openDisplay(session, { users, stop: signals.stop, files })
    if (outlets !== null) metrics = outlets.start(session, { users, display })
    const recording = startRecording(session, { display, users, metrics })
    files.follow(recording)
    const { part, command, last } = await runRecording(recording, { user, signals, display, notifier })
    recording.totals.add(part.session.output.path, last)
    display.end()
    reportResult(recording.totals.sum(), part.session, part.session.start.sinceNs + last.durationNs)
    return command ? command.exit : 0
  } finally {
    outlets?.close()
    // The last metrics have counts of the probe.
    await metrics?.close()
    containers.close()
    probe.close()
  }
}

/** Inputs of a display. */
export interface Scene {
  readonly users: UserNames
  readonly stop: StopSignal
  readonly files: FileProgress
}

const sayLine = (text: string) => void process.stderr.write(`${text}\n`)

interface Watching {
  readonly display: Display
  readonly users: UserNames
  readonly metrics: RunningMetrics | null
}

function startRecording(session: Session, { display, users, metrics }: Watching): Recording {
  const { clock, options } = session
  const show: Observer = (batch) => display.observe(batch, clock.nowNs())
  const watching = metrics === null ? [show] : [show, metrics.observe]
  const onLookups = metrics?.onLookups ?? (() => {})
  if (options.rotation === null) {
    return createRecording({ session, pump: createPump(session, watching, { onLookups }) })
  }
  const starts = createRecordedStarts()
  const observers = [starts.observe, ...watching]
  const report = (text: string) => {
    display.clear()
    sayLine(text)
  }
  return createRotatingRecording(
    { session, pump: createPump(session, observers, { onLookups }) },
    {
      rotation: options.rotation,
      names: createFileNames(options.file, options.host.name),
      users,
      observers,
      onLookups,
      starts,
      onClosed: (path, result) =>
        describeProblems(result, session).forEach((line) => report(`${safeLine(path)}: ${line}`)),
      report,
    },
  )
}

interface Signals {
  readonly stop: StopSignal
  /** Receives the signals if there is a command: they do not end the recording. */
  readonly relay: SignalRelay | null
}

/** Installed before the session begins, so that a signal always ends it cleanly. */
function catchSignals({ command }: RecordOptions): Signals {
  const stop = createStopSignal()
  if (command.length > 0) return { stop, relay: createSignalRelay() }
  stopOnSignals(stop)
  return { stop, relay: null }
}

interface Surroundings {
  readonly user: User | null
  readonly signals: Signals
  readonly display: Display
  readonly notifier: Notifier
}

/** Everything between the first attempt and the closed file. */
async function runRecording(
  recording: Recording,
  { user, signals, display, notifier }: Surroundings,
): Promise<{ part: Part; command: HeldCommand | null; last: SessionResult }> {
  const { stop, relay } = signals
  const { session } = recording.part
  try {
    const command = relay && (await startCommand(session, user, relay))
    if (command) void command.exit.then(() => stop.stop('command'))
    switchOn(session)
    display.begin()
    notifier.ready()
    command?.run()
    await runSession(recording, stop, { display, notifier })
    notifier.stopping()
    const { part } = recording
    const stopped = stopAttempts(part.session)
    await settleNames(part, stopped)
    return { part, command, last: endSession(part.session, part.pump, stop.reason ?? 'interrupt', stopped) }
  } catch (error) {
    const { part } = recording
    failSession(part.session, part.pump)
    throw writeFault(part.session.output.path, error)
  } finally {
    display.clear()
    recording.close()
  }
}

/** Zero files before the recording starts. */
function createFileProgress(): FileProgress & { follow(recording: Recording): void } {
  let followed: Recording | null = null
  return {
    follow: (recording) => void (followed = recording),
    count: () => (followed?.totals.files ?? 0) + 1,
    bytes: () => followed?.part.session.output.sizeBytes() ?? 0,
  }
}

/** The command is followed before its first instruction. */
async function startCommand({ options, probe }: Session, user: User | null, relay: SignalRelay): Promise<HeldCommand> {
  const command = await holdCommand(options.command, user, relay)
  probe.follow(command.pid)
  return command
}

function switchOn({ kernelCount, probe }: Session): void {
  if (kernelCount) kernelCount.begin(probe.start)
  else probe.start()
}
