import { rankRows } from '../result/rank-rows.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { BY_UID } from '../sums/dimensions.js'
import { createMemberRow, memberColumns } from '../sums/member-rows.js'
import { attemptsOf } from '../sums/group-values.js'
import { sumUp } from '../sums/sum-up.js'
import type { StoredQuery } from './stored-query.js'

const COLUMNS = memberColumns(BY_UID)

/** The users with the most attempts. */
export const byUid: StoredQuery = {
  name: 'by-uid',
  description: 'per user, by name and number: attempts, endpoints, processes, failures, latency p50 and p99',
  example: 'tcpconn analyze by-uid tcpconn.db --sort failed',
  columns: COLUMNS,
  run(scope, settings) {
    const items = sumUp(scope, BY_UID, true)
    const toRow = createMemberRow()
    const ranked = rankRows(
      { columns: COLUMNS, items, compare: (a, b) => attemptsOf(b) - attemptsOf(a), toRow },
      settings,
    )
    return { columns: COLUMNS, ...ranked, notes: [describeAccuracy(scope)] }
  },
}
