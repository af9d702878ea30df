import { statSync } from 'node:fs'
import { loadZstd } from '../analyze/export/parquet/zstd.js'
import { messageOf, TcpconnError } from '../base/errors.js'
import { outlivesTerminal } from '../base/outlive-terminal.js'
import type { Server } from '../clickhouse/connect.js'
import { requireVersion } from '../fleet/require-version.js'
import { safeLine } from '../text/safe-text.js'
import { findFiles } from './find-files.js'
import { createFileHolds, type FileHolds } from './hold-files.js'
import { pushFile, type PushContext } from './push-file.js'
import { createRetry, Stopped } from './retry.js'

/** A request that hangs is given up after a signal. Nothing is lost: the server knows what it has. */
const LAST_REQUEST_MS = 10_000
/** Between two looks for files to hold */
const HOLD_MS = 10_000
/** A file that is being created, or was removed between two looks. */
const PASSING = ['E_NO_SESSION', 'E_NO_SUCH_FILE', 'E_LOCKED_TRACE']

/**
 * Pushes what is new in traces every `intervalMs`, also of files that appear later, until a signal. Prints only problems.
 * @throws the errors of `requireVersion`, and those of requests that will not succeed later
 */
export async function follow(paths: readonly string[], server: Server, intervalMs: number): Promise<void> {
  const stop = createStop()
  const report = createReport()
  const request = createRetry({ wait: stop.wait, isStopping: () => stop.isSet, report: (line) => write(line) })
  const context: PushContext = {
    server,
    compress: await loadZstd(),
    states: new Map(),
    stored() {},
    isStopping: () => stop.isSet,
    request,
  }
  const round: Round = { whole: new Map(), holds: createFileHolds(), current: null, report }
  // Also while the server is away, which a round waits for.
  const refresh = () => round.holds.refresh(findFiles(paths, false), round.current)
  const timer = setInterval(refresh, HOLD_MS)
  try {
    while (!stop.isSet) {
      refresh()
      await request(() => requireVersion(server))
      await pushRound(findFiles(paths, false), round, context)
      await stop.wait(intervalMs)
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  } finally {
    clearInterval(timer)
  }
}

/** What one round leaves for the next. */
interface Round {
  /** Marks of the files of which the server has everything */
  readonly whole: Map<string, string>
  readonly holds: FileHolds
  /** The file that is being read */
  current: string | null
  readonly report: (file: string, error: TcpconnError) => void
}

async function pushRound(files: readonly string[], round: Round, context: PushContext): Promise<void> {
  const { whole, holds, report } = round
  for (const file of whole.keys()) if (!files.includes(file)) whole.delete(file)
  for (const file of files) {
    if (context.isStopping()) return
    const mark = markOf(file)
    if (whole.get(file) === mark) continue
    round.current = file
    try {
      if (await pushFile(file, context)) whole.set(file, mark)
    } catch (error) {
      if (!(error instanceof TcpconnError) || isOfServer(error)) throw error
      if (!PASSING.includes(error.code)) report(file, error)
    } finally {
      round.current = null
    }
    if (whole.has(file)) holds.release(file)
  }
}

function isOfServer({ code }: TcpconnError): boolean {
  return code.startsWith('E_FLEET') && code !== 'E_FLEET_OTHER_COPY'
}

/** Changes with the file. */
function markOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return `${stat?.dev} ${stat?.ino} ${stat?.ctimeNs}`
}

/** Reports each problem of a file once. */
function createReport(): (file: string, error: TcpconnError) => void {
  const reported = new Set<string>()
  return (file, error) => {
    const line = `${file} is left out: ${messageOf(error)}: ${error.reason} [${error.code}]`
    if (!reported.has(line)) write(line)
    reported.add(line)
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
