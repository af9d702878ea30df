import { RELATIVE_ERROR } from '../../store/latency-histogram.js'
import type { Scope } from '../trace/scope.js'
import type { Dimension } from './dimension.js'

/** What a footer says of latencies: which attempts they cover, and how exact percentiles are. */
export function describeAccuracy({ filters, isExact }: Scope, dimension?: Dimension): string {
  const byItself = dimension?.coversOutcomes ? 'all' : 'established'
  const covered = filters.outcomes.length === 0 ? byItself : filters.outcomes.join(', ')
  const accuracy = isExact ? 'exact' : `within ${(RELATIVE_ERROR * 100).toFixed(1)}% (--exact reads every value)`
  return `latency covers ${covered} attempts; percentiles are ${accuracy}`
}
