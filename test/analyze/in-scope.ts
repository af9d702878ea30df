import { selectScope, type RawScope } from '../../src/analyze/options/select-scope.js'
import type { Scope } from '../../src/analyze/scan/scope.js'
import type { DecodeWorkers } from '../../src/analyze/scan/decode-workers.js'
import { withTraces } from '../../src/analyze/scan/trace.js'

/** Runs `body` with the scope that options select of some files. */
export function inScope<T>(
  files: readonly string[],
  raw: RawScope,
  body: (scope: Scope) => T,
  workers?: DecodeWorkers,
): T {
  return withTraces(files, (traces) => body(selectScope(traces, raw)), workers)
}
