import type { Lookup } from '../dns/lookup.js'
import { createDurations, type Durations, type HistogramKinds } from './durations.js'
import { METRICS, type Attributes, type Family } from './metric.js'

/** Names of response codes (RFC 1035, RFC 2136), by number. */
const RCODES = [
  '',
  'formerr',
  'servfail',
  'nxdomain',
  'notimp',
  'refused',
  'yxdomain',
  'yxrrset',
  'nxrrset',
  'notauth',
  'notzone',
]
/** Names of the return values of getaddrinfo (netdb.h of glibc and musl), by number times -1. */
const EAI: Readonly<Record<number, string>> = {
  1: 'EAI_BADFLAGS',
  2: 'EAI_NONAME',
  3: 'EAI_AGAIN',
  4: 'EAI_FAIL',
  5: 'EAI_NODATA',
  6: 'EAI_FAMILY',
  7: 'EAI_SOCKTYPE',
  8: 'EAI_SERVICE',
  9: 'EAI_ADDRFAMILY',
  10: 'EAI_MEMORY',
  11: 'EAI_SYSTEM',
}

interface Series {
  readonly attributes: Attributes
  readonly startedMs: number
  readonly durations: Durations
  lookups: number
}

/** Counts DNS lookups by error. */
export interface LookupCounts {
  observe(lookups: readonly Lookup[]): void
  families(): readonly Family[]
}

export function createLookupCounts(kinds: HistogramKinds, unixMs: () => number): LookupCounts {
  const seriesOf = new Map<string, Series>()
  const find = (errorType: string): Series => {
    let series = seriesOf.get(errorType)
    if (series === undefined) {
      const attributes: Attributes = errorType === '' ? [] : [['error.type', errorType]]
      series = { attributes, startedMs: unixMs(), durations: createDurations(kinds), lookups: 0 }
      seriesOf.set(errorType, series)
    }
    return series
  }
  return {
    observe(lookups) {
      for (const { rcode, latencyNs } of lookups) {
        const series = find(errorTypeOf(rcode))
        series.lookups++
        if (latencyNs !== null && rcode !== null) series.durations.add(Math.max(0, latencyNs))
      }
    },
    families() {
      const all = [...seriesOf.values()]
      return [
        {
          metric: METRICS.lookups,
          points: all.map(({ attributes, startedMs, lookups: value }) => ({ attributes, startedMs, value })),
        },
        {
          metric: METRICS.lookupDurations,
          points: all
            .filter(({ durations }) => durations.count > 0)
            .map(({ attributes, startedMs, durations: value }) => ({ attributes, startedMs, value })),
        },
      ]
    },
  }
}

/** One of a few words, whatever a program returns; '' without an error. */
function errorTypeOf(rcode: number | null): string {
  if (rcode === null) return 'timed_out'
  if (rcode === 0) return ''
  return (rcode > 0 ? RCODES[rcode] : EAI[-rcode]) ?? '_OTHER'
}
