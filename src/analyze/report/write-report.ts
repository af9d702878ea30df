import { once } from 'node:events'
import { UsageError } from '../../base/errors.js'
import type { RawScope } from '../options/select-scope.js'
import { openOutputFile, requireNewOutput } from '../output/open-output-file.js'
import { buildPage } from './build-page.js'
import { collectReport } from './collect-report.js'

const ACCEPTED =
  'one trace file or session, or two to compare, like trace.db, before.db after.db or trace.db@1 trace.db@2'

/** Options of `tcpconn report`, as typed. */
export interface ReportOptions extends RawScope {
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
  if (files.length > 2) throw new UsageError('FILE', files[2] as string, ACCEPTED)
  if (output !== '-') requireNewOutput(output)
  const page = buildPage(share ? await readShared(files, raw) : collectReport(files, raw))
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

/** Pseudonyms bring a large list of public suffixes along. */
async function readShared(files: readonly string[], raw: RawScope) {
  const { collectSharedReport } = await import('./share-report.js')
  return collectSharedReport(files, raw)
}
