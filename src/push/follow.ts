import { statSync } from 'node:fs'
import { loadZstd } from '../analyze/export/parquet/zstd.js'
import { messageOf, TcpconnError } from '../base/errors.js'
import { outlivesTerminal } from '../base/outlive-terminal.js'
import type { Server } from '../clickhouse/connect.js'
import { DATA_CODES, SERVER_CODES } from '../clickhouse/server-fault.js'
import { requireVersion } from '../fleet/require-version.js'
import { safeLine } from '../text/safe-text.js'
import { findFiles, type FindOptions } from './find-files.js'
import { createFileHolds, type FileHolds } from './hold-files.js'
import { pushFile, type PushContext } from './push-file.js'
import { createRetry, MAX_PAUSE_MS, spreadInterval, Stopped } from './retry.js'

/** A request that hangs is given up after a signal. Nothing is lost: the server knows what it has. */
const LAST_REQUEST_MS = 10_000
/** Between two looks for files to hold */
const HOLD_MS = 10_000
/** A file that is being created, or was removed between two looks. */
const PASSING = ['E_NO_SESSION', 'E_NO_SUCH_FILE', 'E_LOCKED_TRACE']
/** After other errors a file is not held any more: it may never be pushed. Too many open files may be a cause of this one. */
const HOLDING = [...PASSING, 'E_CANNOT_OPEN']

/**
 * Pushes what is new in traces about every `intervalMs`, also of files that appear later, until a signal. Prints only problems.
 * @throws the errors of `requireVersion`, and those of requests that will not succeed later
 */
export async function follow(paths: readonly string[], server: Server, intervalMs: number): Promise<void> {
  const stop = createStop()
  const report = createReport()
  const retry = { wait: stop.wait, isStopping: () => stop.isSet, report: write }
  const [request, requestPatiently] = [createRetry(retry), createRetry({ ...retry, isPatient: true })]
  const context: PushContext = {
    server,
    compress: await loadZstd(),
    states: new Map(),
    stored() {},
    isStopping: () => stop.isSet,
    request,
  }
  const options = { known: new Set<string>(), note: createPathReport() }
  const find = () => findFiles(paths, options)
  const round: Round = { whole: new Map(), setAside: new Map(), holds: createFileHolds(), current: null, report }
  // Also while the server is away, which a round waits for.
  const refresh = () => round.holds.refresh(find(), round.current)
  const timer = setInterval(refresh, HOLD_MS)
  try {
    for (let isFirst = true; !stop.isSet; isFirst = false) {
      refresh()
      await requestPatiently(() => requireVersion(server))
      if (isFirst) await stop.wait(spreadInterval(intervalMs, true))
      await pushRound(find(), round, context)
      await stop.wait(spreadInterval(intervalMs, false))
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  } finally {
    clearInterval(timer)
  }
}

/** What one round leaves for the next. */
interface Round {
  /** Marks of the files of which the server has everything, and that no recorder writes */
  readonly whole: Map<string, string | null>
  /** Until when files are left out that the server refused, in Unix ms */
  readonly setAside: Map<string, number>
  readonly holds: FileHolds
  /** The file that is being read */
  current: string | null
  readonly report: (file: string, error: TcpconnError) => void
}

async function pushRound(files: readonly string[], round: Round, context: PushContext): Promise<void> {
  const { whole, setAside, holds } = round
  for (const state of [whole, setAside]) {
    for (const file of state.keys()) if (!files.includes(file)) state.delete(file)
  }
  for (const file of files) {
    if (context.isStopping()) return
    const mark = markOf(file)
    if ((mark !== null && whole.get(file) === mark) || Date.now() < (setAside.get(file) ?? 0)) continue
    round.current = file
    let isLost = false
    try {
      if (await pushFile(file, context)) whole.set(file, mark)
      else whole.delete(file)
    } catch (error) {
      isLost = noteError(file, error, round)
    } finally {
      round.current = null
    }
    if (isLost || whole.has(file)) holds.release(file)
  }
}

/**
 * @returns whether the file may never be pushed
 * @throws errors that concern other files too
 */
function noteError(file: string, error: unknown, { setAside, report }: Round): boolean {
  if (!(error instanceof TcpconnError) || SERVER_CODES.includes(error.code)) throw error
  if (!PASSING.includes(error.code)) report(file, error)
  if (DATA_CODES.includes(error.code)) setAside.set(file, Date.now() + MAX_PAUSE_MS)
  return !HOLDING.includes(error.code)
}

/** Changes with the file and its log; `null`: unknown, and pushing the file reports the reason. */
function markOf(file: string): string | null {
  try {
    const stats = [file, `${file}-wal`].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }))
    return stats.map((stat) => `${stat?.dev} ${stat?.ino} ${stat?.ctimeNs} ${stat?.size}`).join(' ')
  } catch {
    return null
  }
}

/** Reports each problem of a file once. */
function createReport(): (file: string, error: TcpconnError) => void {
  const reported = new Set<string>()
  return (file, error) => {
    const problem = `${file} ${error.code}`
    if (!reported.has(problem)) write(`${file} is left out: ${messageOf(error)}: ${error.reason} [${error.code}]`)
    reported.add(problem)
  }
}

/** Reports when a path cannot be read, when the reason changes, and when it can be read again. */
function createPathReport(): NonNullable<FindOptions['note']> {
  const reported = new Map<string, string>()
  return (path, fault) => {
    const reason = fault?.reason ?? ''
    if (reason === (reported.get(path) ?? '')) return
    reported.set(path, reason)
    if (fault === null) write(`${path} can be read now`)
    else write(`${fault.message}: ${reason}; push tries again [${fault.code}]`)
  }
}

function write(line: string): void {
  process.stderr.write(`${safeLine(line)}\n`)
}

/** Set by SIGTERM, SIGINT and a closed terminal. */
function createStop() {
  let isSet = false
  let wake = () => {}
  const set = () => {
    isSet = true
    wake()
    setTimeout(() => process.exit(), LAST_REQUEST_MS).unref()
  }
  process.on('SIGTERM', set)
  process.on('SIGINT', set)
  if (!outlivesTerminal()) process.on('SIGHUP', set)
  return {
    get isSet() {
      return isSet
    },
    wait: (milliseconds: number) =>
      new Promise<void>((resolve) => {
        if (isSet) return resolve()
        const timer = setTimeout(resolve, milliseconds)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}
