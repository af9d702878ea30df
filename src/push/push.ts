import { statSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { createProgressLine } from '../analyze/export/progress-line.js'
import { loadZstd } from '../analyze/export/parquet/zstd.js'
import { queries, selectAll } from '../analyze/scan/query-builder.js'
import { withTraces } from '../analyze/scan/trace.js'
import { messageOf, TcpconnError, UsageError } from '../base/errors.js'
import { connectServer, readAccess, type Server, type ServerOptions } from '../clickhouse/connect.js'
import { formatServerAddress } from '../clickhouse/parse-url.js'
import { SERVER_CODES } from '../clickhouse/server-fault.js'
import { requireVersion } from '../fleet/require-version.js'
import { parseDuration } from '../options/parse-duration.js'
import { formatPlural } from '../text/format-number.js'
import { safeLine } from '../text/safe-text.js'
import { findFiles } from './find-files.js'
import { follow } from './follow.js'
import { pushFile } from './push-file.js'

/** Options of `tcpconn push`, as typed. */
export interface PushOptions extends ServerOptions {
  readonly to: string
  readonly follow?: boolean
  readonly interval?: string
}

const DEFAULT_INTERVAL_NS = 60e9

/**
 * Pushes traces to a fleet, once or until it is stopped.
 * @throws UsageError, E_NO_SUCH_FILE, and the errors of `readAccess`, `requireVersion` and `pushFile`
 */
export async function push(paths: readonly string[], options: PushOptions): Promise<void> {
  const intervalMs = parseInterval(options) / 1e6
  // Otherwise V8 lets its memory for new objects grow by 16 MB, all of it garbage: a push is not faster with them.
  setFlagsFromString('--semi-space-growth-factor=1')
  const server = connectServer(readAccess('--to', options.to, options))
  try {
    if (options.follow) await follow(paths, server, intervalMs)
    else await pushOnce(findFiles(paths), server)
  } finally {
    await server.close()
  }
}

/** @returns ns */
function parseInterval({ follow: isFollowing, interval }: PushOptions): number {
  if (interval === undefined) return DEFAULT_INTERVAL_NS
  if (!isFollowing) throw new UsageError('--interval', interval, 'effect only with --follow')
  const intervalNs = parseDuration(interval)
  if (intervalNs !== null && intervalNs >= 1e9) return intervalNs
  throw new UsageError('--interval', interval, 'a time of at least a second: 60s, 5m')
}

/** Goes on with the other files after an error of one of them. */
async function pushOnce(files: readonly string[], server: Server): Promise<void> {
  await requireVersion(server)
  const line = createProgressLine(process.stderr.isTTY)
  const progress = { scanned: 0, total: process.stderr.isTTY ? countAttempts(files) : 0 }
  let pushed = 0
  const errors: unknown[] = []
  const context = {
    server,
    compress: await loadZstd(),
    states: new Map(),
    isStopping: () => false,
    request: <T>(run: () => Promise<T>) => run(),
    stored({ attempts }: { attempts: { count: number } | null }) {
      pushed += attempts?.count ?? 0
      line.draw(pushed, { ...progress, scanned: progress.scanned + pushed })
    },
  }
  for (const file of files) {
    try {
      await pushFile(file, context)
    } catch (error) {
      if (!isOfFile(error)) throw error
      errors.push(error)
      line.clear()
      if (errors.length > 1) process.stderr.write(`${safeLine(`${file}: ${messageOf(error)}`)}\n`)
    }
  }
  line.clear()
  process.stdout.write(`pushed ${formatPlural(pushed, 'attempt')} to ${formatServerAddress(server.address)}\n`)
  if (errors.length > 0) throw errors[0]
}

/** Errors of a trace concern no other trace; those of the server do. */
function isOfFile(error: unknown): boolean {
  return error instanceof TcpconnError && !SERVER_CODES.includes(error.code)
}

/** All attempts of some traces, for the progress bar; those of a trace that cannot be read are left out. */
function countAttempts(files: readonly string[]): number {
  const query = queries.selectFrom('batch').select(({ fn }) => fn.sum<number>('attempt_count').as('count'))
  const counts = files.map((file) => {
    try {
      if (!statSync(file).isFile()) return 0
      return withTraces([file], ([trace]) => Number(selectAll(trace!.db, query)[0]?.count ?? 0))
    } catch {
      return 0
    }
  })
  return counts.reduce((sum, count) => sum + count, 0)
}
