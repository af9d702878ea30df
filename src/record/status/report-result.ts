import { statSync } from 'node:fs'
import { describeCompleteness } from '../../store/completeness-text.js'
import { describeFilters } from '../options/describe-filters.js'
import type { Session } from '../session/begin-session.js'
import type { SessionResult } from '../session/end-session.js'
import { describeLossCounts, sumLoss } from '../../store/loss-text.js'
import { renderSummary } from './render-summary.js'

/** Says on stderr what was recorded, once the file is closed. With -q only what was lost. */
export function reportResult(session: Session, result: SessionResult): void {
  const { options, output, writer } = session
  const lines = options.quiet
    ? [describeLossCounts(result.loss) ?? []].flat()
    : renderSummary({
        path: output.path,
        sessionId: session.id,
        durationNs: result.durationNs,
        rows: result.rows,
        fileBytes: statSync(output.path).size,
        totals: writer.totals,
        loss: result.loss,
        completeness: describeCompleteness({
          filters: describeFilters(options.filters, options.command),
          kernel_attempts_min: result.completeness?.kernelMin ?? null,
          kernel_attempts_max: result.completeness?.kernelMax ?? null,
          comparable_attempts: result.completeness?.comparable ?? null,
          uncomparable_attempts: result.completeness?.uncomparable ?? null,
          lost: sumLoss(result.loss),
        }),
      })
  for (const line of lines) process.stderr.write(`${line}\n`)
}
