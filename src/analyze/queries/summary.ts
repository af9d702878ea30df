import { describeAccuracy } from '../sums/accuracy.js'
import { dnsLossLines } from '../dns/session-dns.js'
import { describeSummary } from '../summary/describe-summary.js'
import { SUMMARY_COLUMNS, summarize } from '../summary/summarize.js'
import type { StoredQuery } from './stored-query.js'

/** What is in a trace, at a glance: one row for machines, some lines for people. */
export const summary: StoredQuery = {
  name: 'summary',
  description:
    'what is in a trace: time, rate, outcomes, loss, completeness, who is busiest, which endpoint is slowest',
  example: 'tcpconn analyze summary tcpconn.db',
  columns: SUMMARY_COLUMNS,
  run(scope) {
    const row = summarize(scope)
    const values = Object.fromEntries(SUMMARY_COLUMNS.map(({ name }, i) => [name, row[i] ?? null]))
    return {
      columns: SUMMARY_COLUMNS,
      rows: [row],
      hiddenRows: 0,
      warnings: dnsLossLines(scope.parts),
      notes: [describeAccuracy(scope)],
      isChartOnly: true,
      chart: (width) => describeSummary(values, width),
    }
  },
}
