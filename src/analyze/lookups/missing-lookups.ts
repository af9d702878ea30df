import type { Scope } from '../scan/scope.js'
import { readSessionDns } from './session-dns.js'

export const LOOKUPS_MISSING = 'DNS lookups were recorded, but a data set of Parquet files does not have them'

/** Whether sessions recorded lookups that the trace does not have, since it was restored from a data set. */
export function lacksLookups({ parts }: Scope): boolean {
  return parts.some(({ trace, sessionId }) => {
    return trace.remote?.lacksLookups === true && readSessionDns(trace.db, sessionId).source !== null
  })
}
