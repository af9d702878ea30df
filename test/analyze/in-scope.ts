import { selectScope, type RawScope } from '../../src/analyze/options/select-scope.js'
import type { Scope } from '../../src/analyze/trace/scope.js'
import type { DecodeWorkers } from '../../src/analyze/trace/decode-workers.js'
import { withTraces } from '../../src/analyze/trace/trace.js'

/** What `body` gives for the scope that options select of some files. */
export function inScope<T>(
  files: readonly string[],
  raw: RawScope,
  body: (scope: Scope) => T,
  workers?: DecodeWorkers,
): T {
  return withTraces(files, (traces) => body(selectScope(traces, raw)), workers)
}
