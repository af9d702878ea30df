import { UsageError } from '../../errors.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { describeAccuracy } from '../sums/accuracy.js'
import type { Dimension } from '../sums/dimension.js'
import { BY_COMM, BY_PROCESS } from '../sums/dimensions.js'
import { attemptsOf } from '../sums/group-values.js'
import { createMemberRow, memberColumns } from '../sums/member-rows.js'
import { sumUp, type Group } from '../sums/sum-up.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const PROCESSES = memberColumns(BY_PROCESS).findIndex(({ name }) => name === 'processes')

/** The processes with the most attempts. */
export const byProcess: StoredQuery = {
  name: 'by-process',
  description: 'per process, by pid and start, or per thread name: attempts, endpoints, failures, latency p50 and p99',
  example: 'tcpconn analyze by-process tcpconn.db --by comm',
  options: [{ flags: '--by <what>', description: 'process, or comm for a row per thread name with its processes' }],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const dimension = dimensionOf(settings.values)
    const columns = columnsFor(settings.values)
    const items = sumUp(scope, dimension, true)
    const memberRow = createMemberRow()
    const toRow = (group: Group) => withoutItself(memberRow(group), dimension)
    const compare = (a: Group, b: Group) => attemptsOf(b) - attemptsOf(a)
    return { columns, ...rankRows({ columns, items, compare, toRow }, settings), notes: [describeAccuracy(scope)] }
  },
}

function columnsFor(values: QuerySettings['values']): readonly Column[] {
  const dimension = dimensionOf(values)
  return withoutItself(memberColumns(dimension), dimension)
}

/** @throws UsageError */
function dimensionOf({ by = 'process' }: QuerySettings['values']): Dimension {
  if (by === 'process') return BY_PROCESS
  if (by === 'comm') return BY_COMM
  throw new UsageError('--by', by, 'process or comm')
}

/** How many processes a process is needs no column. */
function withoutItself<T extends Column | Row[number]>(values: readonly T[], dimension: Dimension): T[] {
  return values.filter((_, i) => dimension !== BY_PROCESS || i !== PROCESSES)
}
