import type { AttemptColumn, AttemptRow } from './attempt-columns.js'
import { coverPart } from './cover.js'
import { scanRows } from './scan-rows.js'
import type { Scope, SessionPart } from './scope.js'

/** What is done with the attempts of one part. */
export interface PartScan {
  /** Takes one attempt. The array is the same for every row. */
  take(row: AttemptRow): void
  /** Called after the part's last attempt. */
  finish?(): void
}

/** Passes every attempt that a scope covers, part by part, in the order of ids. */
export function scanScope(
  scope: Scope,
  columns: readonly AttemptColumn[],
  begin: (part: SessionPart) => PartScan,
): void {
  for (const part of scope.parts) {
    const { take, finish } = begin(part)
    scanRows(scope, part, coverPart(part, false).ranges, columns, take)
    finish?.()
  }
}
