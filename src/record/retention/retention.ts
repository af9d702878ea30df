import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { TcpconnError, messageOf } from '../../base/errors.js'
import { openOutput } from '../output/open-output.js'
import { type KeptFile, chooseExpired } from './choose-expired.js'
import type { FileNames } from './file-names.js'
import { type KnownFiles, removeOwnFile, settleFile, createKnownFiles } from './own-file.js'
import { uptime } from 'node:os'
import { safeLine } from '../../text/safe-text.js'
import type { Limit } from '../options/parse-rotation.js'
import { watchClock, type Clocks } from './clock-watch.js'

/** State of one pass over all files. */
export interface Round {
  readonly names: FileNames
  readonly known: KnownFiles
  /** Reports a failure, once per message. */
  readonly reportOnce: (text: string) => void
}

/**
 * Closes a file of a killed recorder, and removes it if it is empty. Waits for no lock, but up to 0.1 s for a reader of
 * a file that is closed.
 * @returns a closed file of this recording or an earlier one, `null` for other files
 */
function settleTrace(round: Round, name: string): KeptFile | null {
  const path = join(round.names.directory, name)
  if (existsSync(`${path}-journal`)) {
    reportFailure(round, `cannot roll back the hot journal of ${path}`, () => settleFile(round.names, name))
  }
  let file = round.known.look(name)
  if (file?.isStillborn) {
    removeFile(round, name)
    return null
  }
  if (file?.isUnclosed) {
    const what = `cannot close ${path} after an unclean shutdown`
    reportFailure(round, what, () => openOutput(path, 'present', 0).close())
    // Closing changed its size and its end.
    file = round.known.look(name)
  }
  return file && { name, bytes: file.bytes, endedMs: file.endedMs }
}

/** Removes a file if it still belongs to this recording. */
function removeFile(round: Round, name: string): void {
  const what = `cannot remove the expired file ${join(round.names.directory, name)}`
  reportFailure(round, what, () => removeOwnFile(round.names, name))
}

function reportFailure({ reportOnce }: Round, what: string, body: () => void): void {
  try {
    body()
  } catch (error) {
    if (isNoFault(error) || isNoFault((error as Error).cause)) return
    reportOnce(`${what}: ${error instanceof TcpconnError ? error.reason : messageOf(error)}`)
  }
}

/** Temporary or harmless: another program uses the file, it is gone, or it is not a trace. */
function isNoFault(error: unknown): boolean {
  const code = (error as { code?: string } | undefined)?.code ?? ''
  return /^(EWOULDBLOCK|E_BUSY_TRACE|SQLITE_BUSY\w*|ENOENT|E_NOT_SQLITE|E_NOT_A_TRACE)$/.test(code)
}

/** Time limit of one step: attempts stay in the ring meanwhile. */
const STEP_MS = 10
const PERIOD_MS = 60_000

/** Closes, recovers and removes files of a rotating recording. */
export interface Retention {
  /** Does a part of the work. Call often. */
  step(running: RunningFile): void
  /** Inspects all files at the next step, for example after a rotation. */
  lookAgain(): void
}

export interface RunningFile {
  readonly path: string
  sizeBytes(): number
}

export interface RetentionOptions {
  readonly names: FileNames
  /** `null`: keeps all files */
  readonly keep: Limit | null
  /** Reports a failure. */
  readonly report: (text: string) => void
  readonly clocks?: RoundClocks
}

interface RoundClocks extends Clocks {
  /** Clock for the time limit of a step, in ms */
  now(): number
}

const CLOCKS: RoundClocks = { now: () => performance.now(), sinceBoot: () => uptime() * 1000, wall: () => Date.now() }

/**
 * Closes files of killed recorders, removes empty ones, and removes expired ones: at the start, at every new file, and
 * once a minute. Each error is reported once and does not end the recording.
 */
export function createRetention({ report, clocks = CLOCKS, ...options }: RetentionOptions): Retention {
  const each = prepare({ ...options, clocks, report: (text) => report(`${text}; recording continues`) })
  let round: Iterator<void> | null = null
  let lookAtMs = -Infinity
  return {
    lookAgain() {
      round = null
      lookAtMs = -Infinity
    },
    step(running) {
      const startMs = clocks.now()
      if (round === null && startMs < lookAtMs) return
      round ??= runRound(each, running)
      lookAtMs = startMs + PERIOD_MS
      try {
        do {
          if (round.next().done) return void (round = null)
        } while (clocks.now() - startMs < STEP_MS)
      } catch (error) {
        round = null
        each.reportOnce(describeListFault(options, error))
      }
    },
  }
}

/** The same in one call, before the first file exists. */
export function applyRetention(options: RetentionOptions): void {
  const each = prepare({ clocks: CLOCKS, ...options })
  try {
    Array.from(runRound(each, null))
  } catch (error) {
    each.reportOnce(describeListFault(options, error))
  }
}

interface Rounds extends Round, Pick<RetentionOptions, 'keep'> {
  readonly wall: () => number
  /** Whether the wall clock is reliable for the age of files. */
  readonly hasReliableClock: () => boolean
}

function prepare({ names, keep, report, clocks }: RetentionOptions & { readonly clocks: RoundClocks }): Rounds {
  const reported = new Set<string>()
  const reportOnce = (text: string) => {
    if (reported.has(text)) return
    reported.add(text)
    report(safeLine(text))
  }
  return {
    names,
    keep,
    known: createKnownFiles(names),
    reportOnce,
    wall: clocks.wall,
    hasReliableClock: watchClock(clocks),
  }
}

/** One pass over all files, with a pause after each. */
function* runRound(each: Rounds, running: RunningFile | null): Generator<void> {
  const { names, keep, known } = each
  const files: KeptFile[] = []
  const candidates = readdirSync(names.directory).filter((name) => names.secondOf(name) !== null)
  known.keepOnly(candidates)
  for (const name of candidates) {
    yield
    // The current file must not be opened: closing any of its descriptors would release the locks that SQLite holds on
    // it.
    if (running !== null && isSame(join(names.directory, name), running.path)) continue
    const file = settleTrace(each, name)
    if (file !== null) files.push(file)
  }
  const isInDoubt = !each.hasReliableClock()
  if (keep === null || ('ns' in keep && isInDoubt)) return
  const moment = { nowMs: each.wall(), runningBytes: running?.sizeBytes() ?? 0 }
  for (const { name } of chooseExpired(files, keep, moment)) {
    yield
    removeFile(each, name)
  }
}

function describeListFault({ names }: Pick<RetentionOptions, 'names'>, error: unknown): string {
  return `cannot list the files in ${names.directory}: ${messageOf(error)}`
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => lstatSync(path, { throwIfNoEntry: false }))
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev
}
