import { byProcess } from './by-process.js'
import { byUid } from './by-uid.js'
import { churn } from './churn/churn.js'
import { diff } from './diff/diff.js'
import { dns } from './dns/dns.js'
import { failures } from './failures/failures.js'
import { heatmap } from './heatmap.js'
import { latency } from './latency/latency.js'
import { retransmits } from './retransmits/retransmits.js'
import { slowest } from './slowest/slowest.js'
import type { StoredQuery } from '../query/stored-query.js'
import { summary } from './summary/summary.js'
import { timeline } from './timeline/timeline.js'
import { topEndpoints } from './top-endpoints/top-endpoints.js'

/** Every built-in query, in the order of `analyze --list`. */
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
