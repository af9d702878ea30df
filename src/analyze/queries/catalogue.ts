import { byProcess } from './by-process.js'
import { byUid } from './by-uid.js'
import { churn } from './churn.js'
import { diff } from './diff.js'
import { dns } from './dns.js'
import { failures } from './failures.js'
import { heatmap } from './heatmap.js'
import { latency } from './latency.js'
import { retransmits } from './retransmits.js'
import { slowest } from './slowest.js'
import type { StoredQuery } from './stored-query.js'
import { summary } from './summary.js'
import { timeline } from './timeline.js'
import { topEndpoints } from './top-endpoints.js'

/** Every stored query, in the order of `analyze --list`. */
export const CATALOGUE: readonly StoredQuery[] = [
  summary,
  topEndpoints,
  latency,
  byUid,
  byProcess,
  failures,
  retransmits,
  slowest,
  dns,
  timeline,
  heatmap,
  churn,
  diff,
]
