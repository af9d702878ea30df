import { UsageError } from '../../base/errors.js'
import type { ServerOptions } from '../../clickhouse/connect.js'
import type { RawScope } from '../options/select-scope.js'
import type { Trace } from '../scan/trace.js'
import type { RemoteChoice } from './find-sessions.js'
import type { RemoteOptions, RemoteReaders } from './with-remote-trace.js'

export type { RemoteOptions } from './with-remote-trace.js'

/** Options that name a server instead of files, as typed. */
export interface SourceOptions extends ServerOptions, RemoteChoice {
  readonly from?: string
}

/**
 * The server that the options name; `null`: files.
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
        throw new UsageError(name, value, 'a server beside it: --from clickhouse://USER@HOST/DATABASE')
    }
    return null
  }
  const [file] = files
  if (file !== undefined) throw new UsageError('FILE', file, 'no --from beside it: both say where the attempts are')
  return { ...options, from }
}

/**
 * The answer of a reader without effects from the sessions of a server. Loads the client of the server only now.
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

/** Runs readers on the sessions of a server. @throws as `withRemoteTrace` */
export async function readFrom<T>(options: RemoteOptions, readers: RemoteReaders<T>): Promise<T> {
  const { withRemoteTrace } = await import('./with-remote-trace.js')
  return await withRemoteTrace(options, readers)
}
