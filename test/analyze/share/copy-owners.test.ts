import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { MAPPED_PREFIX } from '../../record/make-events.js'
import { makeSampleTrace } from '../sample-trace.js'
import { shareSample } from './shared-sample.js'

const SECOND = 1_000_000_000n
/** Spans of addresses, in seconds since the session began; `null`: to its end. Each has a container of its own. */
type Span = readonly [address: string, since: number, until: number | null]

/** A minute with an attempt to each of three addresses every half second. */
function makeOwned(...spans: readonly Span[]): string {
  const { db, file } = makeSampleTrace({
    batches: [
      Array.from({ length: 360 }, (_, i) => ({
        startedNs: (BigInt(Math.floor(i / 3)) * SECOND) / 2n + 250_000_000n,
        remoteAddress: `${MAPPED_PREFIX}0a00000${1 + (i % 3)}`,
      })),
      null,
    ],
  })
  const container = db.prepare('INSERT INTO container (container_key, session_id, container_id) VALUES (?, 1, ?)')
  const owner = db.prepare('INSERT INTO container_address VALUES (1, ?, ?, ?, ?)')
  const ns = (seconds: number) => BigInt(Math.round(seconds * 1e9))
  spans.forEach(([address, since, until], i) => {
    container.run(i + 1, `id-${i + 1}`)
    owner.run(address, ns(since), until === null ? null : ns(until), i + 1)
  })
  return file
}

/** Spans in the shared trace, by container, in seconds since the shared session began; and its containers. */
async function shareOwned(file: string, options: Parameters<typeof shareSample>[1] = {}) {
  const db = new Database(await shareSample([file], options), { readonly: true })
  const rows = db.prepare('SELECT container_key, since_ns, until_ns FROM container_address ORDER BY 1, 2').raw().all()
  const keys = db.prepare('SELECT container_key FROM container ORDER BY 1').pluck().all()
  const addresses = db
    .prepare('SELECT count(*) FROM container_address JOIN endpoint ON container_address.address = remote_address')
    .pluck()
  const joined = addresses.get()
  db.close()
  const seconds = (ns: number | null) => (ns === null ? null : ns / 1e9)
  const spans = (rows as [number, number, number | null][]).map(([key, since, until]) => [
    key,
    seconds(since),
    seconds(until),
  ])
  return { spans, keys, joined }
}

test('a shared trace has the owners of the addresses that attempts connected to, with their times', async () => {
  const file = makeOwned(['10.0.0.1', -3.5, 20.25], ['10.0.0.1', 20.5, null], ['10.0.0.2', 5, 6], ['10.9.9.9', 0, null])
  const whole = await shareOwned(file)
  // All of the recording is shared: also what no attempt connected to.
  expect(whole.spans).toEqual([
    [1, -3.5, 20.25],
    [2, 20.5, null],
    [3, 5, 6],
    [4, 0, null],
  ])
  expect(whole.joined).toBe(3)
  const part = await shareOwned(file, { port: ['443'] })
  expect([part.spans, part.keys]).toEqual([whole.spans.slice(0, 3), [1, 2, 3]])
})

test('of a part of the time, spans end where it ends, and only their containers are shared', async () => {
  const file = makeOwned(
    ['10.0.0.1', 0, 9],
    ['10.0.0.1', 9.5, 25],
    ['10.0.0.1', 26, null],
    ['10.0.0.2', 0, null],
    ['10.0.0.3', 12, 13],
    ['10.0.0.3', 40.5, 50],
  )
  const { spans, keys } = await shareOwned(file, { since: '+10s', until: '+40s' })
  expect(spans).toEqual([
    [2, 0, 15],
    [3, 16, 29.999_999_999],
    [4, 0, 29.999_999_999],
    [5, 2, 3],
  ])
  expect(keys).toEqual([2, 3, 4, 5])
})

test('without a beginning of the part, what is known from before the session stays so', async () => {
  const file = makeOwned(['10.0.0.1', -2, null])
  expect((await shareOwned(file, { until: '+40s' })).spans).toEqual([[1, -2, 39.999_999_999]])
  expect((await shareOwned(file, { since: '+10s' })).spans).toEqual([[1, 0, null]])
})

test('at level strict, a span keeps its whole seconds, and all of those at the ends of the part', async () => {
  const file = makeOwned(
    ['10.0.0.1', 2.25, 7.5],
    ['10.0.0.1', 7.5, null],
    ['10.0.0.2', 3.25, 3.75],
    ['10.0.0.2', 4, 6],
    ['10.0.0.3', 0.5, 30.5],
  )
  const { spans, keys } = await shareOwned(file, { level: 'strict' })
  expect(spans).toEqual([
    [1, 3, 6],
    [2, 8, null],
    [4, 4, 5],
    [5, 1, 29],
  ])
  expect(keys).toEqual([1, 2, 4, 5])
  const part = await shareOwned(file, { level: 'strict', since: '+3s', until: '+20s' })
  expect(part.spans).toEqual([
    [1, 0, 3],
    [2, 5, 16],
    [4, 1, 2],
    [5, 0, 16],
  ])
  expect(part.keys).toEqual([1, 2, 4, 5])
})

test('at level strict, an attempt has the owner that it has in the original, or none', async () => {
  const file = makeOwned(
    ['10.0.0.1', 2.25, 7.5],
    ['10.0.0.1', 7.5, 31.75],
    ['10.0.0.2', 3.4, 20.1],
    ['10.0.0.2', 20.2, null],
  )
  const select = `SELECT (SELECT container_key FROM container_address AS w JOIN endpoint AS e ON e.remote_address = w.address
      WHERE e.endpoint_id = a.endpoint_id AND w.since_ns <= a.started_ns AND (w.until_ns IS NULL OR a.started_ns <= w.until_ns)
      ORDER BY w.since_ns DESC LIMIT 1) FROM connect_attempt AS a ORDER BY attempt_id`
  const owners = (path: string) => {
    const db = new Database(path, { readonly: true })
    const keys = db.prepare(select).pluck().all() as (number | null)[]
    db.close()
    return keys
  }
  const [original, shared] = [owners(file), owners(await shareSample([file], { level: 'strict' }))]
  expect(shared).toHaveLength(original.length)
  expect(shared.filter((key, i) => key !== null && key !== original[i])).toEqual([])
  expect(shared.filter((key) => key !== null).length).toBeGreaterThan(100)
})

test('without addresses no owner is shared: one address stands for all', async () => {
  const file = makeOwned(['10.0.0.1', 0, null], ['10.0.0.2', 0, null])
  expect(await shareOwned(file, { drop: ['addresses'] })).toEqual({ spans: [], keys: [1, 2], joined: 0 })
})
