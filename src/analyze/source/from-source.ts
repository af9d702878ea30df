import { UsageError } from '../../base/errors.js'
import { fullTemporaryDirectory } from '../../base/full-disk.js'
import type { ServerOptions } from '../../clickhouse/connect.js'
import type { RawScope } from '../options/select-scope.js'
import type { Trace } from '../scan/trace.js'
import { isLocation } from '../../s3/parse-location.js'
import type { RemoteChoice } from '../remote/find-sessions.js'
import type { RemoteOptions, RemoteReaders } from '../remote/with-remote-trace.js'

export type { RemoteOptions } from '../remote/with-remote-trace.js'

/** Options that name a server or a data set instead of trace files, as typed. */
export interface SourceOptions extends ServerOptions, RemoteChoice {
  readonly from?: string
}

/** The beginning of a URL, also of those that a server of another kind has */
const URL_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/** Whether `--from` is no URL: it names a directory. */
export function isLocalPath(from: string): boolean {
  return !URL_SCHEME.test(from)
}

/**
 * The server or data set that the options name; `null`: files.
 * @param files as typed
 * @throws UsageError
 */
export function parseSource<Options extends RawScope & SourceOptions>(
  files: readonly string[],
  options: Options,
): (Options & RemoteOptions) | null {
  const { from } = options
  if (from === undefined) {
    for (const [name, value] of [
      ['--host', options.host?.join(',')],
      ['--password-file', options.passwordFile],
      ['--ca-file', options.caFile],
    ] as const) {
      if (value !== undefined)
        throw new UsageError(
          name,
          value,
          '--from beside it: clickhouse://USER@HOST/DATABASE, s3://BUCKET/PREFIX, or a directory',
        )
    }
    return null
  }
  const [file] = files
  if (file !== undefined) throw new UsageError('FILE', file, 'no --from beside it: both say where the attempts are')
  return { ...options, from }
}

/**
 * The answer of a reader without effects from the sessions of a server or data set.
 * @throws as `withRemoteTrace`
 */
export async function answerFrom<T>(
  options: RemoteOptions,
  read: (traces: readonly Trace[], raw: RawScope) => T,
): Promise<T> {
  let answer: { readonly value: T } | null = null
  await readFrom<void>(options, {
    read(traces, raw) {
      answer = { value: read(traces, raw) }
    },
    body() {},
  })
  return (answer as unknown as { readonly value: T }).value
}

/**
 * Runs readers on the sessions of a server or of a data set of Parquet files.
 * @throws E_DISK_FULL, and as `withRemoteTrace` and `withArchiveTrace`
 */
export async function readFrom<T>(options: RemoteOptions, readers: RemoteReaders<T>): Promise<T> {
  try {
    return await readSource(options, readers)
  } catch (error) {
    throw fullTemporaryDirectory(error) ?? error
  }
}

async function readSource<T>(options: RemoteOptions, readers: RemoteReaders<T>): Promise<T> {
  // Other URLs are refused as those of a server, without the password that they may have.
  if (!isLocation(options.from) && !isLocalPath(options.from)) {
    const { withRemoteTrace } = await import('../remote/with-remote-trace.js')
    return await withRemoteTrace(options, readers)
  }
  const { withArchiveTrace } = await import('../archive/with-archive-trace.js')
  return await withArchiveTrace(options, readers)
}
