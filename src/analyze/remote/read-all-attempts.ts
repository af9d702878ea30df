import { selectScope, type RawScope } from '../options/select-scope.js'
import { describeMissing } from '../scan/completeness-lines.js'
import { coverPart } from '../scan/plan-scan.js'
import type { Trace } from '../scan/trace.js'

/** Requests all attempts that the options select, with all of their names: for readers that read each attempt. */
export function readAllAttempts(traces: readonly Trace[], raw: RawScope): void {
  const { parts, filters } = selectScope(traces, raw)
  describeMissing(traces, parts, raw)
  for (const part of parts) {
    for (const table of ['process', 'container_address']) {
      part.trace.lookup.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get()
    }
    for (const range of coverPart(part, false).ranges) part.trace.remote?.hasAttempts(part.sessionId, range, filters)
  }
}
