import { describeAccuracy } from '../../group/sum-up.js'
import { lacksLookups, LOOKUPS_MISSING } from '../../lookups/missing-lookups.js'
import { dnsLossLines } from '../../lookups/session-dns.js'
import { describeSummary } from './describe-summary.js'
import { summarize } from './summarize.js'
import { SUMMARY_COLUMNS } from './summary-columns.js'
import { ITSELF, rankRows } from '../../query/rank-rows.js'
import type { StoredQuery } from '../../query/stored-query.js'

/** Summarizes a trace: one row for programs, some lines for people. */
export const summary: StoredQuery = {
  name: 'summary',
  description:
    'overview: time, rate, outcomes, loss, completeness, busiest endpoint, user and process, slowest endpoint',
  example: 'tcpconn analyze summary tcpconn.db',
  columns: SUMMARY_COLUMNS,
  run(scope, settings) {
    const found = summarize(scope)
    return {
      ...rankRows({ columns: SUMMARY_COLUMNS, items: [found], prepare: ITSELF }, settings),
      warnings: [...dnsLossLines(scope.parts), ...(lacksLookups(scope) ? [LOOKUPS_MISSING] : [])],
      notes: [describeAccuracy(scope)],
      isChartOnly: true,
      chart: (width) => describeSummary(found, width),
    }
  },
}
