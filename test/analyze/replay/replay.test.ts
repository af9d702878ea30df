import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../store/random.js'
import { runTool } from '../../support/tool.js'
import { makeSampleTrace, sampleEvents } from '../sample-trace.js'

/** A closed trace of two sessions, in which attempts end in another order than that of their start. */
function makeTrace(): string {
  const random = createRandom(4)
  const batches = [sampleEvents(random, 300), sampleEvents(random, 200), null, sampleEvents(random, 100)]
  const { db, file } = makeSampleTrace({ batches }, { batches: [sampleEvents(random, 50)] })
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

function select(file: string, sql: string): Record<string, unknown>[] {
  const db = new Database(file, { readonly: true })
  try {
    return db.prepare(sql).safeIntegers().all() as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

async function replayed(...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await runTool(['replay', ...args])
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n').slice(0, -1)
}

/** JSON with integers as they are written. */
const parse = (line: string) =>
  JSON.parse(line.replaceAll(/:(-?\d+)(?=[,}])/g, ':"#$1"'), (_, value: unknown) =>
    typeof value === 'string' && value.startsWith('#') ? BigInt(value.slice(1)) : value,
  ) as Record<string, unknown>

describe('replay', () => {
  test('--json has every attempt with the values of the view connects, in the order of its start', async () => {
    const file = makeTrace()
    const rows = select(file, 'SELECT * FROM connects ORDER BY session_id, started_ns')
    const lines = (await replayed(file, '--session', 'all', '--json')).map(parse)
    const wanted = rows.map(({ session_id: _, dns_name: __, dns_age_ns: ___, ...row }) => row)
    const key = (row: Record<string, unknown>) =>
      `${row.started_ns} ${row.remote_port} ${row.latency_ns} ${row.outcome}`
    expect(lines.map((row) => row.started_ns)).toEqual(wanted.map((row) => row.started_ns))
    expect(lines.toSorted(by(key))).toEqual(wanted.toSorted(by(key)))
  })

  test('of the newest session, with filters and a time, shows what they leave', async () => {
    const file = makeTrace()
    const [{ count = 0n } = {}] = select(
      file,
      "SELECT count(*) AS count FROM connects WHERE session_id = 2 AND outcome = 'refused'",
    )
    expect(Number(count)).toBeGreaterThan(0)
    for (const options of [
      ['--outcome=refused'],
      ['--outcome', '--outcome=refused'],
      ['--outcome=refused', '--outcome'],
    ]) {
      expect(await replayed(file, ...options)).toHaveLength(1 + Number(count))
    }
    const [{ early = 0n } = {}] = select(
      file,
      'SELECT count(*) AS early FROM connects WHERE session_id = 2 AND started_ns < (SELECT started_unix_ns FROM session WHERE session_id = 2) + 30000000000',
    )
    expect(await replayed(file, '--until', '+30s')).toHaveLength(1 + Number(early))
  })

  test('--latency shows what has ended, and took long enough', async () => {
    const file = makeTrace()
    const [{ count = 0n } = {}] = select(
      file,
      'SELECT count(*) AS count FROM connects WHERE session_id = 2 AND latency_ns >= 200000',
    )
    const lines = await replayed(file, '--latency', '0.2')
    expect(lines[0]?.split(/ +/)).toEqual(['PID', 'COMM', 'IP', 'SADDR', 'DADDR', 'DPORT', 'LAT(ms)'])
    expect(lines).toHaveLength(1 + Number(count))
  })

  test('-t counts from the first row, and -c counts attempts', async () => {
    const file = makeTrace()
    expect((await replayed(file, '-t'))[1]).toMatch(/^0\.000 /)
    const counts = (await replayed(file, '-c', '--session', 'all'))
      .slice(2)
      .map((line) => Number(line.split(/ +/).at(-1)))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(650)
    expect(counts).toEqual(counts.toSorted((a, b) => b - a))
  })

  test('-t counts on a clock that nobody sets', async () => {
    const events = [1, 2, 3].map((second) => ({ startedNs: BigInt(second) * 1_000_000_000n }))
    const { db, file } = makeSampleTrace({ batches: [events] })
    db.exec('INSERT INTO clock_offset SELECT session_id, 1500000000, unix_offset_ns - 3600000000000 FROM clock_offset')
    db.pragma('journal_mode = DELETE')
    db.close()
    expect((await replayed(file, '-t')).slice(1).map((line) => line.split(' ')[0])).toEqual(['0.000', '1.000', '2.000'])
    expect((await replayed(file, '--wall')).slice(1).map((line) => line.slice(11, 13))).not.toHaveLength(0)
  })

  test('of wrong options says which', async () => {
    const file = makeTrace()
    for (const [args, text] of [
      [['--outcome=faild'], '--outcome: "faild" is not accepted'],
      [['-c', '--json'], '--count'],
      [['--latency', 'x'], '--latency'],
    ] as const) {
      const { status, stdout, stderr } = await runTool(['replay', file, ...args])
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toContain(text)
    }
  })
})

function by<T>(key: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : 1)
}
