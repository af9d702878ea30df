import { formatCount } from '../../text/format-number.js'
import type { Column } from '../result/result.js'
import type { Scope } from '../scan/scope.js'
import type { Dimension } from './dimension.js'

export const HOST: Column = { name: 'host', heading: 'HOST', kind: 'text' }

/** Whether a scope has several files or hosts. Rows that belong to one host then name it. */
export function hasHosts({ parts }: Scope): boolean {
  const differ = (valueOf: (part: Scope['parts'][number]) => unknown) => new Set(parts.map(valueOf)).size > 1
  return differ(({ trace }) => trace) || differ(({ host }) => host)
}

/** The line below a table that merges several hosts. */
export function noteHosts({ parts }: Scope, { columns }: Dimension): string[] {
  const hosts = new Set(parts.map(({ host }) => host)).size
  return hosts > 1 && !columns.includes(HOST)
    ? [`${formatCount(hosts)} hosts together; --by host keeps them apart`]
    : []
}

/** Adds the host to a dimension whose groups belong to one host, such as processes, if the scope has several. */
export function nameHosts(dimension: Dimension, scope: Scope): Dimension {
  return dimension.identity !== undefined && hasHosts(scope) ? withHost(dimension) : dimension
}

/** The same groups for each host separately, with its name in the first column. */
export function withHost(dimension: Dimension): Dimension {
  return {
    ...dimension,
    columns: [HOST, ...dimension.columns],
    ...(dimension.identity === undefined ? {} : { identity: dimension.identity + 1 }),
    ...(dimension.sharedBy === undefined ? {} : { sharedBy: 'host' }),
    keys(part) {
      const keyOf = dimension.keys(part)
      return (id) => [part.host, ...keyOf(id)]
    },
  }
}
