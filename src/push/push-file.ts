import { createAttemptTable } from '../analyze/export/rows/attempt-table.js'
import { RESTORING_COLUMNS } from '../analyze/export/rows/restoring-columns.js'
import type { Compress } from '../analyze/export/parquet/zstd.js'
import { NO_ATTEMPT_FILTERS } from '../analyze/scan/attempt-filters.js'
import { withTraces, type Trace } from '../analyze/scan/trace.js'
import { TcpconnError } from '../base/errors.js'
import type { Server } from '../clickhouse/connect.js'
import { DATA_CODES } from '../clickhouse/server-fault.js'
import { cannotOpen } from '../store/check-trace.js'
import { findDamage } from '../store/find-damage.js'
import { isWalFile } from '../store/wal-mode.js'
import { makeParcel, type Parcel, type PushState } from './make-parcel.js'
import { sendParcel } from './send-parcel.js'
import { createSentRows } from './sent-rows.js'
import { readProgress } from './session-progress.js'
import { readSources, type SessionSource } from './session-source.js'

/** What a push needs. */
export interface PushContext {
  readonly server: Server
  readonly compress: Compress
  /** By UUID: what this process knows of sessions that it pushes. Removing an entry is safe. */
  readonly states: Map<string, PushState>
  /** Called with each stored parcel. */
  readonly stored: (parcel: Parcel) => void
  /** Whether the push should end after the parcel that is being sent. */
  readonly isStopping: () => boolean
  /** Runs a request, perhaps several times. */
  readonly request: <T>(run: () => Promise<T>) => Promise<T>
}

/** Attempts per page of Parquet */
const PAGE_ROWS = 32_768

/**
 * Pushes everything of a trace that the server does not have yet.
 * @returns whether the server has all of it, and no recorder writes it
 * @throws the errors of `openTrace` and `serverFault`, E_FLEET_OTHER_COPY, E_DAMAGED_TRACE
 */
export async function pushFile(path: string, context: PushContext): Promise<boolean> {
  try {
    if (isWalFile(path)) return await pushUnclosed(path, context)
    return await withTraces([path], ([trace]) => pushClosed(trace!, context))
  } catch (error) {
    throw faultOf(path, error)
  }
}

/** The error with the path of the trace, if it is an error of the trace. */
function faultOf(path: string, thrown: unknown): unknown {
  if (typeof (thrown as NodeJS.ErrnoException).syscall === 'string') return cannotOpen(path, thrown)
  if (!(thrown instanceof TcpconnError) || !DATA_CODES.includes(thrown.code)) return findDamage([path], thrown)
  const { code, message, reason, hint } = thrown
  return new TcpconnError(code, { what: `cannot push ${path}`, reason: `${message}: ${reason}`, hint, cause: thrown })
}

/** The next part of a session, and how to go on when it was sent. */
interface Delivery {
  readonly source: SessionSource
  readonly state: PushState
  readonly parcel: Parcel
}

/** Reads the next parcel of a session while one is sent. */
async function pushClosed(trace: Trace, context: PushContext): Promise<boolean> {
  const sources = readSources(trace, Date.now())
  let isDone = true
  for (const source of sources) {
    const isSent = await pushSession(source, context)
    isDone &&= isSent && source.untilNs === Infinity
  }
  if (isDone) forget(sources, context)
  return isDone
}

/** @returns whether the server has all that can be pushed now */
async function pushSession(source: SessionSource, context: PushContext): Promise<boolean> {
  const state = await findState(source, context)
  const read = createReader(source, state, context)
  let sending: Promise<void> = Promise.resolve()
  try {
    while (!state.progress.isWhole) {
      if (context.isStopping()) return false
      const delivery = await read()
      await sending
      if (delivery === null) break
      sending = deliver(delivery, context)
      // Reported by the next turn.
      sending.catch(() => {})
    }
    await sending
    return true
  } finally {
    await Promise.allSettled([sending])
  }
}

/** The next push of these sessions asks the server again. */
function forget(sources: readonly SessionSource[], { states }: PushContext): void {
  for (const { name } of sources) states.delete(name.uuid)
}

/**
 * The trace is open only while a parcel is read: the log of a trace that is being recorded grows while somebody reads it, and a server
 * may be slow.
 */
async function pushUnclosed(path: string, context: PushContext): Promise<boolean> {
  while (!context.isStopping()) {
    const sources = withTraces([path], ([trace]) => readSources(trace!, Date.now()))
    for (const source of sources) await findState(source, context)
    const delivery = await withTraces([path], ([trace]) => readNext(trace!, context))
    if (typeof delivery === 'boolean') {
      if (delivery) forget(sources, context)
      return delivery
    }
    await deliver(delivery, context)
  }
  return false
}

/** @returns without a next part: whether no more can follow, as of `pushFile` */
async function readNext(trace: Trace, context: PushContext): Promise<Delivery | boolean> {
  let isDone = true
  for (const source of readSources(trace, Date.now())) {
    const state = context.states.get(source.name.uuid)
    // A session that began just now: the next round knows it.
    isDone &&= state !== undefined && source.untilNs === Infinity
    if (state === undefined || state.progress.isWhole) continue
    const delivery = await createReader(source, state, context)()
    if (delivery !== null) return delivery
  }
  return isDone
}

/** A failed read leaves rows marked as sent that were not: the next push begins anew. */
function createReader(source: SessionSource, state: PushState, { compress, states }: PushContext) {
  const scope = { parts: [source.part], filters: NO_ATTEMPT_FILTERS, isExact: false }
  const table = createAttemptTable(scope, PAGE_ROWS, RESTORING_COLUMNS)
  return async (): Promise<Delivery | null> => {
    const parcel = await makeParcel(source, table, state, compress).catch((error: unknown) => {
      states.delete(source.name.uuid)
      throw error
    })
    if (parcel === null) return null
    Object.assign(state.progress, parcel.after)
    return { source, state, parcel }
  }
}

async function findState({ name, contents }: SessionSource, context: PushContext): Promise<PushState> {
  const known = context.states.get(name.uuid)
  if (known !== undefined) return known
  const progress = await context.request(() => readProgress(context.server, name, contents))
  const state = { progress, sent: createSentRows() }
  context.states.set(name.uuid, state)
  return state
}

/** A failed parcel leaves the state ahead of the server: the next push asks the server again. */
async function deliver({ source, state, parcel }: Delivery, context: PushContext): Promise<void> {
  try {
    await context.request(() => sendParcel(context.server, source.name, parcel))
  } catch (error) {
    context.states.delete(source.name.uuid)
    throw error
  }
  if (!source.isOver) state.progress.wasRunning = true
  // What was sent of a session is of no use after its end.
  if (parcel.after.isWhole) {
    const progress = { ...state.progress, rollups: new Set<string>() }
    context.states.set(source.name.uuid, { progress, sent: createSentRows() })
  }
  context.stored(parcel)
}
