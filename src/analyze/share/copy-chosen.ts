import { setImmediate } from 'node:timers/promises'
import { LOSS_CAUSES, NO_LOSS, type LossCounts } from '../../attempt/loss-causes.js'
import type { AttemptBlock } from '../scan/attempt-block.js'
import { AT } from '../scan/attempt-columns.js'
import { coverPart, type IdRange } from '../scan/plan-scan.js'
import { scanBlocks } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { readBatchFacts } from '../scan/batch-facts.js'
import { FLAG_NAMES } from '../scan/session-facts.js'
import type { AttemptCopier } from './copy-attempts.js'
import { createInsert, type Copying } from './copy-rows.js'
import { createWindowBuilder, SUMMED, type RebuiltWindow } from './rebuild-windows.js'
import type { SessionClock, SharedSpan } from './session-clock.js'

/** Attempts of a window */
const WINDOW_ATTEMPTS = 1 << 16
/** Attempts of a batch; the format allows no more */
const BATCH_ATTEMPTS = 16_384
/** Ids that are scanned at once: signals are seen in between. */
const STEP_ATTEMPTS = 500_000

interface ChosenParts {
  readonly part: SessionPart
  readonly scope: Scope
  readonly span: SharedSpan
  readonly clock: SessionClock
  readonly copier: AttemptCopier
}

interface Batch {
  readonly firstId: number
  count: number
  minNs: number
  maxNs: number
}

/** Copies the attempts of a part that the scope covers, with consecutive ids, and makes their batches and windows. */
export async function copyChosen(copying: Copying, parts: ChosenParts): Promise<void> {
  const { part, scope, clock, copier } = parts
  const { shared, ids } = copying
  const pick = shared.prepare('INSERT INTO temp.picked VALUES (?, ?)')
  const builder = createWindowBuilder({
    endpoint: (id) => Number(ids.of('endpoint', BigInt(id))),
    process: (id) => Number(ids.of('process', BigInt(id))),
    second: clock.secondOf,
  })
  const writeWindow = createWindowWriter(copying, part.sessionId, clock)
  const batches: Batch[] = []
  let nextId = Number(shared.prepare('SELECT ifnull(max(attempt_id), 0) + 1 FROM connect_attempt').pluck().get())
  const flush = () => {
    if (builder.count === 0) return
    copier.copyPicked()
    shared.exec('DELETE FROM temp.picked')
    const window = builder.take()
    writeWindow(window, nextId - window.count)
  }
  const take = (block: AttemptBlock) => {
    for (let row = 0; row < block.count; row++) {
      pick.run(nextId, block.columns[AT.attempt_id]![row])
      addToBatches(batches, nextId++, block.columns[AT.started_ns]![row] as number)
      builder.add(block, row)
      if (builder.count === WINDOW_ATTEMPTS) flush()
    }
  }
  for (const range of inSteps(coverPart(part, false).ranges)) {
    scanBlocks(scope, part, [range], SUMMED, take)
    await setImmediate()
  }
  flush()
  writeBatches(copying, parts, batches, nextId)
}

function* inSteps(ranges: readonly IdRange[]): Generator<IdRange> {
  for (const { first, last } of ranges) {
    for (let from = first; from <= last; from += STEP_ATTEMPTS) {
      yield { first: from, last: Math.min(last, from + STEP_ATTEMPTS - 1) }
    }
  }
}

function addToBatches(batches: Batch[], id: number, startedNs: number): void {
  const last = batches.at(-1)
  if (last === undefined || last.count === BATCH_ATTEMPTS) {
    batches.push({ firstId: id, count: 1, minNs: startedNs, maxNs: startedNs })
    return
  }
  last.count++
  last.minNs = Math.min(last.minNs, startedNs)
  last.maxNs = Math.max(last.maxNs, startedNs)
}

/** @returns a function that inserts a window with its sums */
function createWindowWriter({ shared, ids }: Copying, sessionId: number, clock: SessionClock) {
  const insertSums = shared.prepare('INSERT INTO window_sums (window_id, dimension, sums) VALUES (?, ?, ?)')
  const columns = [
    'session_id',
    'first_attempt_id',
    'last_attempt_id',
    'min_started_ns',
    'max_started_ns',
    ...FLAG_NAMES,
  ]
  const places = columns.map(() => '?').join(', ')
  const insert = shared.prepare(`INSERT INTO latency_window (${columns.join(', ')}) VALUES (${places})`)
  const time = (ns: number) => clock.replace('time', BigInt(ns))
  return ({ count, minStartedNs, maxStartedNs, flags, sums }: RebuiltWindow, firstId: number) => {
    const values = [firstId, firstId + count - 1, time(minStartedNs), time(maxStartedNs), ...flags]
    const { lastInsertRowid } = insert.run(ids.of('session', BigInt(sessionId)), ...values)
    for (const [dimension, blob] of sums) insertSums.run(lastInsertRowid, dimension, Buffer.from(blob))
  }
}

/** The last batch has the loss of the whole session, as queries report it for a part too. */
function writeBatches(copying: Copying, { part, span, clock }: ChosenParts, batches: Batch[], nextId: number): void {
  const insert = createInsert(copying.shared, 'batch')
  const facts = readBatchFacts(part.trace.db, [part.sessionId])
  const time = (ns: number | null) => (ns === null ? null : clock.replace('time', BigInt(ns)))
  const write = (batch: Batch | null, writtenNs: number, loss: LossCounts) =>
    insert({
      session_id: copying.ids.of('session', BigInt(part.sessionId)),
      first_attempt_id: BigInt(batch?.firstId ?? nextId),
      attempt_count: BigInt(batch?.count ?? 0),
      written_ns: time(writtenNs),
      min_started_ns: time(batch?.minNs ?? null),
      max_started_ns: time(batch?.maxNs ?? null),
      ...Object.fromEntries(LOSS_CAUSES.map(({ cause, column }) => [column, BigInt(loss[cause])])),
    })
  // The recorded time covers attempts that began before the session or after its end, also if they are left out.
  const [first, last] = [batches.at(0), batches.at(-1)]
  if (first !== undefined && span.fromNs === 0) first.minNs = Math.min(first.minNs, facts.firstStartedNs ?? 0)
  if (last !== undefined && span.toNs === Infinity) last.maxNs = Math.max(last.maxNs, facts.lastStartedNs ?? 0)
  for (const batch of batches) write(batch, batch.maxNs, NO_LOSS)
  // A session without an end lasts up to its last write, or its last attempt, also if that is left out.
  const lastNs = Math.max(facts.lastWrittenNs, (facts.lastStartedNs ?? -1) + 1)
  write(null, Math.max(span.fromNs, Math.min(span.toNs, lastNs)), facts)
}
