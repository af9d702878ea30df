import { keyColumns } from '../group/group-columns.js'
import { nameHosts, noteHosts, withHost } from '../group/by-host.js'
import type { Dimension } from '../group/dimension.js'
import { parseBy } from '../options/parse-by.js'
import type { Result, Value, ValueColumn } from '../result/result.js'
import type { Scope } from '../scan/scope.js'
import { rankRows, type Ranking } from './rank-rows.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

/** An item with the key of its group. */
interface Keyed {
  readonly key: readonly Value[]
}

const ofGroup = ({ key }: Keyed) => key

/** The groups that a query found, one item per row, and the notes about them. */
export type FoundGroups<Item, Subject> = Omit<Ranking<Item, Subject>, 'columns'> &
  Pick<Result, 'notes' | 'warnings' | 'whenEmpty'>

/** A query with one row per group of a dimension, which `--by` selects. */
export interface GroupQuery<Item, Subject> extends Pick<StoredQuery, 'name' | 'description' | 'example' | 'options'> {
  /** Values of `--by` other than `host`, the first is the default, and its line in the help */
  readonly dimensions: Readonly<Record<string, Dimension>>
  readonly by: string
  /** The columns after those that name a group */
  columns(name: string): readonly ValueColumn<Subject>[]
  find(scope: Scope, dimension: Dimension, values: QuerySettings['values']): FoundGroups<Item, Subject>
}

/** Creates the built-in query: adds `--by`, and `host` to its dimensions and columns. */
export function groupQuery<Item extends Keyed, Subject extends Keyed>(query: GroupQuery<Item, Subject>): StoredQuery {
  const { name, description, example, dimensions, by, options = [], find } = query
  const names = Object.keys(dimensions) as [string, ...string[]]
  const words = names.length > 1 ? [...names, 'host'] : ['host']
  const choose = ({ by: typed }: QuerySettings['values'], scope?: Scope) => {
    const chosen = parseBy(typed, names)
    const dimension = dimensions[chosen.name] as Dimension
    const named = chosen.isByHost ? withHost(dimension) : scope ? nameHosts(dimension, scope) : dimension
    return { dimension: named, columns: [...keyColumns<Subject>(named, ofGroup), ...query.columns(chosen.name)] }
  }
  return {
    name,
    description,
    example,
    options: [...options, { flags: '--by <what>', description: by, words }],
    columns: choose({}).columns,
    columnsFor: (values) => choose(values).columns,
    run(scope, settings) {
      const { dimension, columns } = choose(settings.values, scope)
      const { items, compare, keyOf = ofGroup, prepare, notes, ...said } = find(scope, dimension, settings.values)
      const ranked = rankRows({ columns, items, compare, keyOf, prepare }, settings)
      return { ...ranked, ...said, notes: [...noteHosts(scope, dimension), ...notes] }
    },
  }
}
