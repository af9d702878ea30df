import { safeLine } from '../show/safe-text.js'
import type { User, UserNames } from './host/user-names.js'
import { describeFilters } from './options/describe-filters.js'
import type { RecordOptions } from './options/record-options.js'
import type { Probe } from './probe/load-probe.js'
import { beginFirst } from './rotate/begin-first.js'
import { createFileNames } from './rotate/file-names.js'
import { createRotatingRecording } from './rotate/rotating-recording.js'
import { tapRing } from './rotate/tap-ring.js'
import { openNotifier, type Notifier } from './service/notifier.js'
import type { Session } from './session/begin-session.js'
import { holdCommand, requireCommand, type HeldCommand } from './session/command.js'
import { endSession, failSession, type SessionResult } from './session/end-session.js'
import { createKernelCount, type KernelCount } from './session/kernel-count.js'
import { createPump } from './session/pump.js'
import { createRecording, type Part, type Recording } from './session/recording.js'
import { runSession } from './session/run-session.js'
import { createSignalRelay, type SignalRelay } from './session/signal-relay.js'
import { startProbe } from './session/start-probe.js'
import { createStopSignal, stopOnSignals, type StopSignal } from './session/stop-signal.js'
import { writeFault } from './session/write-fault.js'
import { describeProblems, reportResult } from './status/report-result.js'
import { createStatusLine, type FileProgress, type StatusLine } from './status/status-line.js'
import type { TraceWriter } from './write/trace-writer.js'

/** Shows attempts while they are recorded. */
export interface Display {
  /** What the recording reads from, so that the display sees its events. */
  readonly probe: Probe
  /** In the place of the status line */
  readonly status: StatusLine
  /** Recording is on. */
  begin(): void
  /** Shows what is left; all is in the trace by then. */
  end(): void
}

/**
 * Records until the duration is over, a signal comes or the command ends.
 * @returns the exit status: the command's, or 0
 */
export async function record(
  options: RecordOptions,
  openDisplay: (session: Session, scene: Scene) => Display = createStatusDisplay,
): Promise<number> {
  const notifier = openNotifier()
  const followsCommand = options.command.length > 0
  const isWholeHost = describeFilters(options.filters, options.command) === '{}'
  let kernelCount: KernelCount | null = null
  const { probe, users, user } = startProbe({ ...options, followsCommand }, () => {
    if (isWholeHost) kernelCount = createKernelCount()
  })
  try {
    if (options.command[0] !== undefined) requireCommand(options.command[0])
    const signals = catchSignals(options)
    const session = beginFirst({ options, probe, kernelCount }, users, sayLine)
    const files = createFileProgress()
    const display = openDisplay(session, { users, stop: signals.stop, files })
    const recording = startRecording(session, { display, users })
    files.follow(recording)
    const { part, command, last } = await runRecording(recording, { user, signals, display, notifier })
    recording.tally.add(part.session.output.path, last)
    display.end()
    reportResult(recording.tally.sum(), part.session, beganBefore(part, session) + last.durationNs)
    return command ? command.exit : 0
  } finally {
    probe.close()
  }
}

/** What a display is opened with. */
export interface Scene {
  readonly users: UserNames
  readonly stop: StopSignal
  readonly files: FileProgress
}

const sayLine = (text: string) => void process.stderr.write(`${text}\n`)

function startRecording(session: Session, { display, users }: { display: Display; users: UserNames }): Recording {
  const { clock, options, writer } = session
  const onBatch = ({ batch }: TraceWriter) => display.status.add(batch, clock.nowNs())
  if (options.rotation === null) {
    return createRecording({ session, pump: createPump(display.probe, writer, () => onBatch(writer)) })
  }
  const tap = tapRing(display.probe.ring)
  const pump = createPump({ ring: tap.ring, lost: display.probe.lost }, writer, () => onBatch(writer))
  const tell = (text: string) => {
    display.status.clear()
    sayLine(text)
  }
  return createRotatingRecording(
    { session, pump },
    {
      rotation: options.rotation,
      names: createFileNames(options.file),
      users,
      tap,
      onBatch,
      onClosed: (path, result) =>
        describeProblems(result, session).forEach((line) => tell(`${safeLine(path)}: ${line}`)),
      tell,
    },
  )
}

interface Signals {
  readonly stop: StopSignal
  /** Instead of ending the recording they go to the command, if there is one. */
  readonly relay: SignalRelay | null
}

/** From before there is a session, so that none is cut off. */
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
  const { status } = display
  const { stop, relay } = signals
  const { session } = recording.part
  try {
    const command = relay && (await startCommand(session, user, relay))
    if (command) void command.exit.then(() => stop.stop('command'))
    switchOn(session)
    display.begin()
    notifier.ready()
    command?.run()
    await runSession(recording, stop, { status, notifier })
    notifier.stopping()
    const { part } = recording
    return { part, command, last: endSession(part.session, part.pump, stop.reason ?? 'interrupt') }
  } catch (error) {
    const { part } = recording
    failSession(part.session, part.pump)
    throw writeFault(part.session.output.path, error)
  } finally {
    status.clear()
    recording.close()
  }
}

/** How long after the recording its last file was begun, ns. */
function beganBefore({ session }: Part, first: Session): number {
  return Number(session.clock.epochNs - first.clock.epochNs)
}

/** Before there is a recording there are no files. */
function createFileProgress(): FileProgress & { follow(recording: Recording): void } {
  let followed: Recording | null = null
  return {
    follow: (recording) => void (followed = recording),
    count: () => (followed?.tally.files ?? 0) + 1,
    bytes: () => followed?.part.session.output.sizeBytes() ?? 0,
  }
}

/** A line on a terminal; a command has the terminal for itself. */
function createStatusDisplay({ options, probe }: Session, { files }: Scene): Display {
  const isShown = !options.quiet && process.stderr.isTTY && options.command.length === 0
  const status = createStatusLine(isShown, { durationNs: options.durationNs, files })
  return { probe, status, begin() {}, end() {} }
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
