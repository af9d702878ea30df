import { parseBy } from '../options/parse-by.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column } from '../result/result.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { noteHosts, withHost } from '../sums/by-host.js'
import type { Dimension } from '../sums/dimension.js'
import { BY_UID } from '../sums/dimensions.js'
import { createMemberRow, memberColumns } from '../sums/member-rows.js'
import { attemptsOf } from '../sums/group-values.js'
import { sumUp } from '../sums/sum-up.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

/** The users with the most attempts. */
export const byUid: StoredQuery = {
  name: 'by-uid',
  description: 'per user, by name and number: attempts, endpoints, processes, failures, latency p50 and p99',
  example: 'tcpconn analyze by-uid tcpconn.db --sort failed',
  options: [{ flags: '--by <what>', description: 'host for a row per user and host', words: ['host'] }],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const dimension = dimensionOf(settings.values)
    const columns = memberColumns(dimension)
    const items = sumUp(scope, dimension, true)
    const toRow = createMemberRow()
    const ranked = rankRows({ columns, items, compare: (a, b) => attemptsOf(b) - attemptsOf(a), toRow }, settings)
    return { columns, ...ranked, notes: [...noteHosts(scope, columns), describeAccuracy(scope)] }
  },
}

function columnsFor(values: QuerySettings['values']): readonly Column[] {
  return memberColumns(dimensionOf(values))
}

/** @throws UsageError */
function dimensionOf({ by }: QuerySettings['values']): Dimension {
  return parseBy(by, ['uid']).isByHost ? withHost(BY_UID) : BY_UID
}
