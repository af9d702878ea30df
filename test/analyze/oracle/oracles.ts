import { CHURN, CHURN_OF_FEW, SLOWEST } from './attempt-oracles.js'
import { DIFF } from './diff-oracle.js'
import { DNS, DNS_NEVER_CONNECTED } from './dns-oracles.js'
import { FAILURES, RETRANSMITS } from './failure-oracles.js'
import {
  BY_COMM,
  BY_CONTAINER,
  BY_PROCESS,
  BY_UID,
  LATENCY,
  LATENCY_BY,
  LATENCY_BY_PROCESS,
  TOP_ENDPOINTS,
} from './group-oracles.js'
import type { Oracle } from './oracle.js'
import { SUMMARY } from './summary-oracle.js'
import { HEATMAP, TIMELINE, TIMELINE_OF_7S } from './time-oracles.js'

/** At least one for every built-in query. */
export const ORACLES: readonly Oracle[] = [
  SUMMARY,
  TOP_ENDPOINTS,
  LATENCY,
  ...LATENCY_BY,
  LATENCY_BY_PROCESS,
  BY_UID,
  BY_PROCESS,
  BY_COMM,
  BY_CONTAINER,
  FAILURES,
  RETRANSMITS,
  SLOWEST,
  DNS,
  DNS_NEVER_CONNECTED,
  TIMELINE,
  TIMELINE_OF_7S,
  HEATMAP,
  CHURN,
  CHURN_OF_FEW,
  DIFF,
]
