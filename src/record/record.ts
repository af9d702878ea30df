import type { User, UserNames } from './host/user-names.js'
import { describeFilters } from './options/describe-filters.js'
import type { RecordOptions } from './options/record-options.js'
import type { Probe } from './probe/load-probe.js'
import { beginSession, type Session } from './session/begin-session.js'
import { holdCommand, requireCommand, type HeldCommand } from './session/command.js'
import { endSession, failSession, type SessionResult } from './session/end-session.js'
import { createKernelCount, type KernelCount } from './session/kernel-count.js'
import { openOutput } from './session/open-output.js'
import { createSignalRelay, type SignalRelay } from './session/signal-relay.js'
import { createPump } from './session/pump.js'
import { runSession } from './session/run-session.js'
import { startProbe } from './session/start-probe.js'
import { createStopSignal, stopOnSignals, type StopSignal } from './session/stop-signal.js'
import { writeFault } from './session/write-fault.js'
import { reportResult } from './status/report-result.js'
import { createStatusLine, type StatusLine } from './status/status-line.js'

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
  openDisplay: (session: Session, users: UserNames, stop: StopSignal) => Display = createStatusDisplay,
): Promise<number> {
  const followsCommand = options.command.length > 0
  const isWholeHost = describeFilters(options.filters, options.command) === '{}'
  let kernelCount: KernelCount | null = null
  const { probe, users, user } = startProbe({ ...options, followsCommand }, () => {
    if (isWholeHost) kernelCount = createKernelCount()
  })
  try {
    if (options.command[0] !== undefined) requireCommand(options.command[0])
    const signals = catchSignals(options)
    const output = openOutput(options.file)
    const session = beginSession({ options, probe, output, kernelCount }, users)
    const display = openDisplay(session, users, signals.stop)
    const result = await recordSession(session, { user, signals, display })
    display.end()
    reportResult(session, result)
    return result.command ? result.command.exit : 0
  } finally {
    probe.close()
  }
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

/** Everything between the first attempt and the closed file. */
async function recordSession(
  session: Session,
  { user, signals, display }: { user: User | null; signals: Signals; display: Display },
): Promise<SessionResult & { command: HeldCommand | null }> {
  const { clock, output, writer } = session
  const { status } = display
  const { stop, relay } = signals
  const pump = createPump(display.probe, writer, () => status.add(writer.batch, clock.nowNs()))
  try {
    const command = relay && (await startCommand(session, user, relay))
    if (command) void command.exit.then(() => stop.stop('command'))
    switchOn(session)
    display.begin()
    command?.run()
    await runSession(session, pump, stop, status)
    return { ...endSession(session, pump, stop.reason ?? 'interrupt'), command }
  } catch (error) {
    failSession(session, pump)
    throw writeFault(output.path, error)
  } finally {
    status.clear()
    output.close()
  }
}

/** A line on a terminal; a command has the terminal for itself. */
function createStatusDisplay({ options, output, probe }: Session): Display {
  const isShown = !options.quiet && process.stderr.isTTY && options.command.length === 0
  const status = createStatusLine(isShown, { durationNs: options.durationNs, fileBytes: output.sizeBytes })
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
