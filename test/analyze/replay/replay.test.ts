import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { migrate } from '../../../src/store/migrate.js'
import { MAPPED_PREFIX } from '../../record/make-events.js'
import { insertSession, makeTrace as makeHandMadeTrace } from '../../store/hand-made-trace.js'
import { createRandom } from '../../store/random.js'
import { expectError } from '../../support/error-lines.js'
import { runTool } from '../../support/tool.js'
import { sampleEvents } from '../sample-events.js'
import { makeSampleTrace } from '../sample-trace.js'

/** Printed if no session is named. */
const LEFT_OUT = 'only the newest session: 1 earlier session left out (--session all)\n'

/** A closed trace of two sessions, in which attempts do not end in the order of their start. */
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
  expect(status).toBe(0)
  expect(stderr).toBe(args.includes('--session') ? '' : LEFT_OUT)
  return stdout.split('\n').slice(0, -1)
}

/** JSON with integers as text. */
const parse = (line: string) =>
  JSON.parse(line.replaceAll(/:(-?\d+)(?=[,}])/g, ':"#$1"'), (_, value: unknown) =>
    typeof value === 'string' && value.startsWith('#') ? BigInt(value.slice(1)) : value,
  ) as Record<string, unknown>

describe('replay', () => {
  test('--json has every attempt with the values of the view connects, sorted by start', async () => {
    const file = makeTrace()
    const rows = select(file, 'SELECT * FROM connects ORDER BY session_id, started_ns')
    const lines = (await replayed(file, '--session', 'all', '--json')).map(parse)
    const wanted = rows.map(({ session_id: _, ...row }) => row)
    const key = (row: Record<string, unknown>) =>
      `${row.started_ns} ${row.remote_port} ${row.latency_ns} ${row.outcome}`
    expect(lines.map((row) => row.started_ns)).toEqual(wanted.map((row) => row.started_ns))
    expect(lines.toSorted(by(key))).toEqual(wanted.toSorted(by(key)))
  })

  test('of the newest session applies filters and times', async () => {
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

  test('--latency shows only ended attempts of at least that latency', async () => {
    const file = makeTrace()
    const [{ count = 0n } = {}] = select(
      file,
      'SELECT count(*) AS count FROM connects WHERE session_id = 2 AND latency_ns >= 200000',
    )
    const lines = await replayed(file, '--latency', '0.2')
    expect(lines[0]?.split(/ +/)).toEqual(['PID', 'COMM', 'IP', 'SADDR', 'DADDR', 'DPORT', 'LAT(ms)'])
    expect(lines).toHaveLength(1 + Number(count))
  })

  test('-t is relative to the first row, and -c counts attempts', async () => {
    const file = makeTrace()
    expect((await replayed(file, '-t'))[1]).toMatch(/^0\.000 /)
    const counts = (await replayed(file, '-c', '--session', 'all'))
      .slice(2)
      .map((line) => Number(line.split(/ +/).at(-1)))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(650)
    expect(counts).toEqual(counts.toSorted((a, b) => b - a))
  })

  test('-t uses a clock that is never set', async () => {
    const events = [1, 2, 3].map((second) => ({ startedNs: BigInt(second) * 1_000_000_000n }))
    const { db, file } = makeSampleTrace({ batches: [events] })
    db.exec('INSERT INTO clock_offset SELECT session_id, 1500000000, unix_offset_ns - 3600000000000 FROM clock_offset')
    db.pragma('journal_mode = DELETE')
    db.close()
    expect((await replayed(file, '-t', '--session', '1')).slice(1).map((line) => line.split(' ')[0])).toEqual([
      '0.000',
      '1.000',
      '2.000',
    ])
    expect(
      (await replayed(file, '--wall', '--session', '1')).slice(1).map((line) => line.slice(11, 13)),
    ).not.toHaveLength(0)
  })

  test('names invalid options', async () => {
    const file = makeTrace()
    for (const [args, text] of [
      [['--outcome=faild'], '--outcome: "faild" is not accepted'],
      [['-c', '--json'], '--count'],
      [['-c', '-d'], '--count: "--dns"'],
      [['--latency', 'x'], '--latency'],
    ] as const) {
      const { status, stdout, stderr } = await runTool(['replay', file, ...args])
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toContain(text)
    }
  })
})

describe('replay -d', () => {
  /** A trace of a session with lookups and one without; both have attempts to 10.0.0.1 and 127.0.0.1. */
  function makeDnsTrace(): string {
    const batch = ['0a000001', '0a000002', '7f000001'].map((address, i) => ({
      startedNs: BigInt(i) * 1_000_000n,
      remoteAddress: `${MAPPED_PREFIX}${address}`,
    }))
    const { db, file } = makeSampleTrace({ batches: [batch] }, { batches: [batch] })
    db.exec(`
      UPDATE session SET dns_source = 'udp' WHERE session_id = 1;
      UPDATE cgroup SET container = '0123456789ab';
      INSERT INTO dns_name VALUES (7, 'www.example.org');
      INSERT INTO connect_dns SELECT attempt_id, 7, 250000000, 8000000, 3 FROM connect_attempt
        WHERE session_id = 1 AND started_ns = 0`)
    db.pragma('journal_mode = DELETE')
    db.close()
    return file
  }
  const queriesOf = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ +/).slice(6).join(' '))

  test('shows the recorded names, and how many other names match', async () => {
    const file = makeDnsTrace()
    const { stdout, stderr } = await runTool(['replay', '-d', file, '--session', '1'])
    expect(stderr).toBe('')
    expect(queriesOf(stdout)).toEqual(['QUERY', 'www.example.org (250.000ms)', 'No DNS Query', 'localhost'])
    const lines = (await replayed(file, '--session', '1', '--json', '--container')).map(parse)
    const sql = `SELECT dns_name, dns_age_ns, dns_lookup_ns, dns_candidates, container FROM connects
      WHERE session_id = 1 ORDER BY started_ns`
    expect(lines).toEqual(select(file, sql).map((row) => expect.objectContaining(row)))
    expect(lines[0]).toMatchObject({ dns_lookup_ns: 8_000_000n, container: '0123456789ab' })
    expect(await replayed(file, '--container')).toContainEqual(expect.stringMatching(/ 0123456789ab$/))
  })

  test('has a dash without recorded lookups, and reports it once', async () => {
    const file = makeDnsTrace()
    const { stdout, stderr } = await runTool(['replay', file, '--session', '2', '--dns'])
    expect(queriesOf(stdout)).toEqual(['QUERY', '-', '-', 'localhost'])
    expect(stderr).toBe('session 2 was recorded without --dns: what was looked up before an attempt is not known\n')
    const both = await runTool(['replay', file, '--session', 'all', '-d'])
    expect(queriesOf(both.stdout).slice(1).toSorted()).toEqual([
      '-',
      '-',
      'No DNS Query',
      'localhost',
      'localhost',
      'www.example.org (250.000ms)',
    ])
    expect(both.stderr).toMatch(/^session 2 was recorded without --dns: .*\n$/)
    expect((await runTool(['replay', file, '--session', '2'])).stderr).toBe('')
  })

  test.each([1, 2])('of a trace of version %i, which has no lookups, is the same', async (version) => {
    const { file, db, insert } = makeHandMadeTrace((empty) => migrate(empty, version))
    insertSession({ file, db, insert })
    const address = Buffer.from(`${MAPPED_PREFIX}0a000001`, 'hex')
    insert('cgroup', { cgroup_id: 1, session_id: 1, kernel_cgroup_id: 1, path: '/system.slice/nginx.service' })
    const names = { comm: 'curl', exe: null, uid: 0, user: null, cgroup_id: 1 }
    insert('process', { process_id: 1, session_id: 1, pid: 1, process_start_ns: 1, ...names, netns: 1, mntns: 1 })
    insert('endpoint', { endpoint_id: 1, family: 4, address, remote_address: '10.0.0.1', remote_port: 80 })
    insert('local_address', { local_address_id: 1, address, local_address: '10.0.0.1' })
    const facts = { latency_ns: 1, outcome: 0, syn_retransmits: 0, flags: 0 }
    const ids = { process_id: 1, tid_delta: 0, endpoint_id: 1, local_endpoint: 65_536 }
    insert('connect_attempt', { attempt_id: 1, session_id: 1, started_ns: 1, ...facts, ...ids })
    insert('batch', {
      session_id: 1,
      first_attempt_id: 1,
      attempt_count: 1,
      written_ns: 2,
      ...RANGE,
      ...NO_LOSS_COUNTS,
    })
    db.close()
    const { stdout, stderr } = await runTool(['replay', file, '-d'])
    expect(queriesOf(stdout)).toEqual(['QUERY', '-'])
    expect(stderr).toMatch(/^session 1 was recorded without --dns: /m)
    const { stdout: json } = await runTool(['replay', file, '--json'])
    expect(JSON.parse(json)).toMatchObject({ dns_name: null, dns_candidates: null, container: 'nginx.service' })
  })
})

const RANGE = { min_started_ns: 1, max_started_ns: 1 }
const NO_LOSS_COUNTS = {
  lost_ring_full_count: 0,
  lost_map_full_count: 0,
  lost_writer_behind_count: 0,
  lost_missed_count: 0,
}

function by<T>(key: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : 1)
}

describe('replay of a damaged trace', () => {
  /** Puts a text into a STRICT table instead of a number, like flipped bits. */
  function spoil(file: string, table: string, column: string): void {
    const db = new Database(file).unsafeMode()
    db.pragma('writable_schema = ON')
    const swap = (from: string, to: string) =>
      db.prepare('UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ?').run(from, to, table)
    swap(') STRICT', ') ')
    db.pragma('writable_schema = RESET')
    db.exec(`UPDATE "${table}" SET "${column}" = 'many'`)
    db.pragma('writable_schema = ON')
    swap(') ', ') STRICT')
    db.close()
  }

  test.each([
    ['process', 'pid'],
    ['process', 'netns'],
    ['endpoint', 'family'],
    ['connect_attempt', 'latency_ns'],
  ])('a text instead of a number in %s.%s is refused, and never printed', async (table, column) => {
    const file = makeTrace()
    spoil(file, table, column)
    expectError(await runTool(['replay', file, '--json', '--session', '2']), 'E_DAMAGED_TRACE')
  })
})
