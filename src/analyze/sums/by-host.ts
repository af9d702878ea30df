import { formatCount } from '../../show/format-number.js'
import type { Column } from '../result/result.js'
import type { Scope } from '../trace/scope.js'
import type { Dimension } from './dimension.js'

export const HOST: Column = { name: 'host', heading: 'HOST', kind: 'text' }

/** Whether a scope is of several files, or of several hosts in one: then what belongs to a host alone has to name it. */
export function hasHosts({ parts }: Scope): boolean {
  const differ = (valueOf: (part: Scope['parts'][number]) => unknown) => new Set(parts.map(valueOf)).size > 1
  return differ(({ trace }) => trace) || differ(({ host }) => host)
}

/** What is said below a table that adds several hosts up. */
export function noteHosts({ parts }: Scope, columns: readonly Column[]): string[] {
  const hosts = new Set(parts.map(({ host }) => host)).size
  return hosts > 1 && !columns.includes(HOST)
    ? [`${formatCount(hosts)} hosts together; --by host keeps them apart`]
    : []
}

/** The same groups, but those of each host apart, with its name before the others of their columns. */
export function withHost(dimension: Dimension): Dimension {
  return {
    ...dimension,
    columns: [HOST, ...dimension.columns],
    ...(dimension.identity === undefined ? {} : { identity: dimension.identity + 1 }),
    keys(part) {
      const keyOf = dimension.keys(part)
      return (id) => [part.host, ...keyOf(id)]
    },
  }
}
