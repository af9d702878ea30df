import { once } from 'node:events'
import { TcpconnError, UsageError } from '../../base/errors.js'
import type { RawScope } from '../options/select-scope.js'
import { openOutputFile, requireNewOutput } from '../output/open-output-file.js'
import { buildPage } from './build-page.js'
import { parseSource, type RemoteOptions, type SourceOptions } from '../remote/from-server.js'
import { collectRemoteReport, collectReport } from './collect-report.js'

const DEFAULT_FILE = 'tcpconn.db'
const ACCEPTED =
  'one trace file or session, or two to compare, like trace.db, before.db after.db or trace.db@1 trace.db@2'

/** Options of `tcpconn report`, as typed. */
export interface ReportOptions extends RawScope, SourceOptions {
  /** A file, or `-` */
  readonly output: string
  readonly share?: boolean
}

/**
 * Writes a page that shows a trace, or two of them side by side.
 * @throws UsageError, the errors of `openTrace` and of `openOutputFile`
 */
export async function writeReport(files: readonly string[], options: ReportOptions): Promise<void> {
  const { output, share = false, ...raw } = options
  const remote = parseSource(files, raw)
  if (remote !== null && share) throw sharesFiles()
  if (files.length > 2) throw new UsageError('FILE', files[2] as string, ACCEPTED)
  if (output !== '-') requireNewOutput(output)
  const page = buildPage(await collect(files, raw, remote, share))
  if (output === '-') {
    if (!process.stdout.write(page)) await once(process.stdout, 'drain')
    return
  }
  const file = openOutputFile(output)
  try {
    file.write(page)
    file.commit()
  } finally {
    file.abort()
  }
}

function sharesFiles(): TcpconnError {
  return new TcpconnError('E_USAGE', {
    what: 'report --share does not read a server: --from is not accepted beside it',
    reason: 'pseudonyms are made for trace files only',
    hint: 'make the report of the trace of a host, there: tcpconn report FILE --share -o shared.html',
  })
}

function collect(files: readonly string[], raw: RawScope, remote: RemoteOptions | null, share: boolean) {
  if (remote !== null) return collectRemoteReport(remote)
  const typed = files.length > 0 ? files : [DEFAULT_FILE]
  return share ? readShared(typed, raw) : collectReport(typed, raw)
}

/** Pseudonyms bring a large list of public suffixes along. */
async function readShared(files: readonly string[], raw: RawScope) {
  const { collectSharedReport } = await import('./share-report.js')
  return collectSharedReport(files, raw)
}
