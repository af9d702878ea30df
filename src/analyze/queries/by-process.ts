import { parseBy } from '../options/parse-by.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { hasHosts, noteHosts, withHost } from '../sums/by-host.js'
import type { Dimension } from '../sums/dimension.js'
import { BY_COMM, BY_CONTAINER, BY_PROCESS } from '../sums/dimensions.js'
import { attemptsOf } from '../sums/group-values.js'
import { createMemberRow, memberColumns } from '../sums/member-rows.js'
import { sumUp, type Group } from '../sums/sum-up.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const DIMENSIONS = { process: BY_PROCESS, comm: BY_COMM, container: BY_CONTAINER }

/** The processes with the most attempts. */
export const byProcess: StoredQuery = {
  name: 'by-process',
  description:
    'per process, by pid and start, thread name or container: attempts, endpoints, failures, latency p50 and p99',
  example: 'tcpconn analyze by-process tcpconn.db --by comm',
  options: [
    {
      flags: '--by <what>',
      description:
        'process, comm for a row per thread name, container for one per container or systemd unit; host or host,comm keeps those of each host apart',
      words: ['process', 'comm', 'container', 'host'],
    },
  ],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const dimension = dimensionOf(settings.values, hasHosts(scope))
    const columns = withoutItself(memberColumns(dimension), dimension)
    const items = sumUp(scope, dimension, true)
    const memberRow = createMemberRow()
    const toRow = (group: Group) => withoutItself(memberRow(group), dimension)
    const compare = (a: Group, b: Group) => attemptsOf(b) - attemptsOf(a)
    return {
      columns,
      ...rankRows({ columns, items, compare, toRow }, settings),
      notes: [...noteHosts(scope, columns), describeAccuracy(scope)],
    }
  },
}

function columnsFor(values: QuerySettings['values']): readonly Column[] {
  const dimension = dimensionOf(values, false)
  return withoutItself(memberColumns(dimension), dimension)
}

/**
 * A process belongs to its host: where there are several, its row says which.
 * @throws UsageError
 */
function dimensionOf({ by }: QuerySettings['values'], isOfHosts: boolean): Dimension {
  const { name, isByHost } = parseBy(by, ['process', 'comm', 'container'])
  const dimension = DIMENSIONS[name]
  return isByHost || (isOfHosts && name === 'process') ? withHost(dimension) : dimension
}

/** How many processes a process is needs no column. */
function withoutItself<T extends Column | Row[number]>(values: readonly T[], dimension: Dimension): T[] {
  if (dimension.name !== BY_PROCESS.name) return [...values]
  const processes = memberColumns(dimension).findIndex(({ name }) => name === 'processes')
  return values.filter((_, i) => i !== processes)
}
