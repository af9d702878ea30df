import { statSync } from 'node:fs'
import { describeCompleteness, type CompletenessText } from '../../store/completeness-text.js'
import { describeFilters } from '../options/describe-filters.js'
import type { Session } from '../session/begin-session.js'
import type { SessionResult } from '../session/end-session.js'
import { describeDnsLoss } from '../../store/dns-loss-text.js'
import { describeLossCounts, sumLoss } from '../../store/loss-text.js'
import { renderSummary } from './render-summary.js'

/** Says on stderr what was recorded, once the file is closed. With -q only what is missing. */
export function reportResult(session: Session, result: SessionResult): void {
  const { options, output, writer } = session
  const completeness = describeEnd(session, result)
  const lines = options.quiet
    ? [
        describeLossCounts(result.loss) ?? [],
        describeDnsLoss(result.dns) ?? [],
        completeness.verdict === 'incomplete' ? completeness.text : [],
      ].flat()
    : renderSummary({
        path: output.path,
        sessionId: session.id,
        durationNs: result.durationNs,
        rows: result.rows,
        fileBytes: statSync(output.path, { throwIfNoEntry: false })?.size ?? 0,
        totals: writer.totals,
        loss: result.loss,
        completeness,
        dns: options.dnsSource === null ? null : { ...writer.dns, ...result.dns },
      })
  for (const line of lines) process.stderr.write(`${line}\n`)
}

function describeEnd({ options }: Session, { completeness, loss }: SessionResult): CompletenessText {
  return describeCompleteness({
    filters: describeFilters(options.filters, options.command),
    kernel_attempts_min: completeness?.kernelMin ?? null,
    kernel_attempts_max: completeness?.kernelMax ?? null,
    comparable_attempts: completeness?.comparable ?? null,
    uncomparable_attempts: completeness?.uncomparable ?? null,
    lost: sumLoss(loss),
  })
}
