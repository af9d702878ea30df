import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { FIELD_NAMES } from '../../../src/analyze/share/fields.js'
import { withSharedTrace } from '../../../src/analyze/share/share-temporarily.js'
import { createRandom } from '../../store/random.js'
import { describeTrace } from '../../../src/analyze/info/describe-trace.js'
import { topEndpoints } from '../../../src/analyze/queries/top-endpoints/top-endpoints.js'
import { REPOSITORY } from '../../support/repository.js'
import { mount } from '../../support/mount.js'
import { digestFile } from '../../store/digest-file.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { addLookups } from '../add-lookups.js'
import { OLDER_VERSIONS, makeOlderTrace } from '../older-trace.js'
import { rowObjects, runQuery } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'
import { SECRET, shareSample } from './shared-sample.js'

function makeTrace(seed = 3): string {
  const random = createRandom(seed)
  const { db, file } = makeSampleTrace({ batches: [variedEvents(random, 600), null, variedEvents(random, 100)] })
  addLookups(db, random, 50)
  return file
}

/** With rows in every table */
const FULL_TRACE = join(REPOSITORY, 'test/store/formats/version-8.db')
const ENDED = 'pseudonymised, level default'

test('a shared trace gets its name when it is complete, with mode 0600 (SEC-65)', async () => {
  const directory = makeTemporaryDirectory()
  const [output, key] = [join(directory, 'shared.db'), join(directory, 'key')]
  const { status, stdout, stderr } = await runTool(['share', makeTrace(), '--key', key, '-o', output])
  expect([status, stdout]).toEqual([0, ''])
  expect(stderr).toContain(`created the key ${key}: keep it, and do not give it away`)
  expect(stderr).toContain(`${output}: ${ENDED}`)
  expect(readdirSync(directory).toSorted()).toEqual(['key', 'shared.db'])
  expect(statSync(output).mode & 0o777).toBe(0o600)
})

test('the original is not changed (SEC-65)', async () => {
  const original = await shareSample([makeTrace()])
  const before = digestFile(original)
  await shareSample([original])
  expect(digestFile(original)).toBe(before)
  expect(readdirSync(dirname(original))).toEqual(['shared.db'])
})

test('a shared trace without attempts is reported', async () => {
  const output = join(makeTemporaryDirectory(), 'shared.db')
  const { status, stderr } = await runTool(['share', makeTrace(), '--port', '1', '-o', output])
  expect([status, existsSync(output)]).toEqual([0, true])
  expect(stderr).toContain('no attempts match')
})

test('nothing is overwritten', async () => {
  const output = join(makeTemporaryDirectory(), 'shared.db')
  writeFileSync(output, 'precious')
  const { status, stderr } = await runTool(['share', makeTrace(), '-o', output])
  expect([status, readFileSync(output, 'utf8')]).toEqual([1, 'precious'])
  expect(stderr).toContain('E_EXISTS')
})

test.each([
  [['--level', 'none', '-o', 'x'], '--level'],
  [['--keep', 'coms', '-o', 'x'], 'did you mean comm?'],
  [['--keep', 'comm', '--drop', 'comm', '-o', 'x'], '--drop'],
  [['--drop', 'time', '-o', 'x'], '--drop'],
  [[], 'add -o shared.db, or --dry-run'],
  [['-o', '-'], '--output'],
  [['-o', '/dev/null'], '--output'],
  [['-o', 'x', '--key', './x'], '--key'],
  [['-o', 'x', '--key', ''], '--key'],
])('%j is refused', async (args, message) => {
  const { status, stderr } = await runTool(['share', makeTrace(), ...args])
  expect(status).toBe(2)
  expect(stderr).toContain(message)
})

test('a key that others may read is refused, and nothing is written', async () => {
  const directory = makeTemporaryDirectory()
  const key = join(directory, 'key')
  writeFileSync(key, `${'ab'.repeat(32)}\n`)
  chmodSync(key, 0o644)
  const { status, stderr } = await runTool(['share', makeTrace(), '--key', key, '-o', join(directory, 'shared.db')])
  expect(status).toBe(1)
  expect(stderr).toContain('E_KEY')
  expect(readdirSync(directory)).toEqual(['key'])
})

test.each(['missing.db', 'empty.db', 'damaged.db'])('with %s, no new key is left', async (name) => {
  const directory = makeTemporaryDirectory()
  const bytes = readFileSync(makeTrace())
  writeFileSync(join(directory, 'empty.db'), '')
  writeFileSync(join(directory, 'damaged.db'), bytes.subarray(0, Math.floor(bytes.length / 8192) * 4096))
  const args = ['share', name, '--key', 'key', '-o', 'shared.db']
  const { status, stderr } = await runTool(args, { cwd: directory })
  expect([status, stderr.includes('created the key')]).toEqual([1, false])
  expect(readdirSync(directory).toSorted()).toEqual(['damaged.db', 'empty.db'])
})

test('a damaged trace is reported, and nothing is left of the shared one', async () => {
  const directory = makeTemporaryDirectory()
  const [damaged, output] = [join(directory, 'damaged.db'), join(directory, 'shared.db')]
  writeFileSync(damaged, readFileSync(await shareSample([makeTrace()])))
  truncateSync(damaged, Math.floor(statSync(damaged).size / 8192) * 4096)
  const { status, stderr } = await runTool(['share', damaged, '-o', output])
  expect(status).toBe(1)
  expect(stderr).toContain('E_DAMAGED_TRACE')
  expect(readdirSync(directory)).toEqual(['damaged.db'])
})

test('on a full disk nothing is left of the shared trace (SEC-65)', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root, to mount a small file system')
  const directory = join(makeTemporaryDirectory(), 'full')
  mkdirSync(directory)
  mount(directory, ['-t', 'tmpfs', '-o', 'size=64k', 'none'])
  const { status, stderr } = await runTool(['share', makeTrace(), '-o', join(directory, 'shared.db')])
  expect(status).toBe(1)
  expect(stderr).toContain('E_DISK_FULL')
  expect(readdirSync(directory)).toEqual([])
})

test('on a full disk no empty key file is left (SEC-66)', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root, to mount a small file system')
  const directory = join(makeTemporaryDirectory(), 'full')
  mkdirSync(directory)
  mount(directory, ['-t', 'tmpfs', '-o', 'size=4k', 'none'])
  writeFileSync(join(directory, 'filler'), Buffer.alloc(4096))
  const output = join(makeTemporaryDirectory(), 'shared.db')
  const { status, stderr } = await runTool(['share', makeTrace(), '--key', join(directory, 'key'), '-o', output])
  expect(status).toBe(1)
  expect(stderr).toContain('E_DISK_FULL')
  expect(readdirSync(directory)).toEqual(['filler'])
})

test('a dry run writes nothing, and prints counts and examples of every field', async () => {
  const directory = makeTemporaryDirectory()
  const { status, stdout } = await runTool(['share', makeTrace(), '--dry-run', '--drop', 'dns'], { cwd: directory })
  expect([status, readdirSync(directory)]).toEqual([0, []])
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(19)
  expect(stdout).toMatch(/^addresses +encrypted .*: \d+ replaced, 1 kept: 10\.\S+ → 10\.\S+, /m)
  expect(stdout).toMatch(/^comm +token if rare .*: 7 replaced/m)
  expect(stdout).toMatch(/^exe +token if rare .*: 2 kept$/m)
  expect(stdout).toMatch(/^dns +dropped .*: \d+ dropped/m)
  expect(stdout).toMatch(/^local-ports +renumbered .*: 1 replaced: 40000 → \d+$/m)
  expect(stdout).toMatch(/^time +shifted .*: 1 replaced: 2023-11-14 22:13:20Z → 20[23]\d-\d\d-\d\d \d\d:13:20Z$/m)
})

test.each([
  ['--level strict', /^local-ports +dropped .*: 2 dropped: 40000, 50000$/m],
  ['--keep local-ports,time', /^local-ports +kept .*: 2 kept\n(?:.*\n)*time +kept .*: 1 kept$/m],
])('a dry run with %s prints what becomes of local ports and times', async (options, line) => {
  const events = variedEvents(createRandom(3), 90).map((event, i) => ({
    ...event,
    localPort: [40_000, 50_000, 0][i % 3]!,
  }))
  const { file } = makeSampleTrace({ batches: [events] })
  const { stdout } = await runTool(['share', file, '--dry-run', ...options.split(' ')])
  expect(stdout).toMatch(line)
})

test('the examples of a dry run are what the shared trace holds: endpoints that level strict merges have no address', async () => {
  const directory = makeTemporaryDirectory()
  const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 700)] })
  const select = `SELECT remote_address FROM connect_attempt JOIN endpoint USING (endpoint_id) WHERE family = 4 GROUP BY 1
    ORDER BY count(*)`
  const rare = db.prepare(select).pluck().get() as string
  db.exec(`DELETE FROM connect_attempt WHERE endpoint_id NOT IN (SELECT endpoint_id FROM endpoint WHERE remote_address = '${rare}')
    AND attempt_id % 100 <> 0`)
  const run = (...args: string[]) =>
    runTool(['share', file, '--level', 'strict', '--key', 'key', ...args], { cwd: directory })
  await run('-o', 'shared.db')
  const { stdout } = await run('--dry-run')
  const shared = new Database(join(directory, 'shared.db'), { readonly: true })
  const held = new Set(
    shared.prepare('SELECT remote_address FROM endpoint UNION SELECT local_address FROM local_address').pluck().all(),
  )
  shared.close()
  const line = stdout.split('\n').find((one) => one.startsWith('addresses')) as string
  const examples = [...line.matchAll(/\S+ → (\S+?)(?: or (\S+?))?(?:,|$)/g)].flatMap(([, ...results]) =>
    results.filter(Boolean),
  )
  expect(stdout).toContain('the pseudonyms below are those of the key')
  expect(examples).toContain('0.0.0.0')
  expect(examples.filter((one) => !held.has(one))).toEqual([])
})

test('a share of a share works, and info prints both (GAP-78)', async () => {
  const once = await shareSample([makeTrace()])
  const twice = await shareSample([once], { level: 'strict', keep: ['ports'] })
  expect(describeTrace(twice).filter((line) => line.startsWith('  shared '))).toEqual([
    '  shared        pseudonymised: level default',
    '  shared        pseudonymised again: level strict, ports kept',
  ])
})

test('a part of the attempts is marked as one, and its completeness is not checked (GAP-78)', async () => {
  const lines = describeTrace(await shareSample([makeTrace()], { port: ['443'] }))
  expect(lines).toContain('  shared        pseudonymised: level default, a part of the attempts')
  expect(lines).toContain('  filters       dropped share')
  expect(lines.find((line) => line.startsWith('  completeness'))).toContain('not checked against TcpActiveOpens')
})

test('in several files one key gives the same pseudonyms, another key others', async () => {
  const [first, second] = [makeTrace(3), makeTrace(4)]
  const endpoints = (file: string) =>
    new Set(rowObjects(runQuery(topEndpoints, [file])).map((row) => row.remote_address))
  const [a, b] = [endpoints(await shareSample([first])), endpoints(await shareSample([second]))]
  expect([...a].toSorted()).toEqual([...b].toSorted())
  const other = endpoints(await shareSample([first], {}, Buffer.alloc(32, 7)))
  expect([...other].filter((address) => a.has(address))).toEqual(['::1'])
})

test('several files become one trace with the sessions of all', async () => {
  const files = [makeTrace(3), makeTrace(4)]
  const merged = await shareSample(files)
  const alone = await Promise.all(files.map((file) => shareSample([file])))
  const rows = (paths: readonly string[]) => rowObjects(runQuery(topEndpoints, paths, { session: 'all' }))
  expect(rows([merged])).toEqual(rows(alone))
  const db = new Database(merged, { readonly: true })
  expect(db.prepare('SELECT count(*) FROM session').pluck().get()).toBe(2)
  expect([db.pragma('integrity_check', { simple: true }), db.pragma('foreign_key_check')]).toEqual(['ok', []])
  db.close()
})

test('at level strict, endpoints with few attempts are one, and times are whole seconds', async () => {
  const shared = await shareSample([makeTrace()], { level: 'strict' })
  const db = new Database(shared, { readonly: true })
  const read = (sql: string) => db.prepare(sql).pluck().all()
  expect(read('SELECT count(*) FROM connect_attempt WHERE started_ns % 1000000000 <> 0')).toEqual([0])
  expect(read('SELECT DISTINCT started_unix_ns % 1000000000 FROM session')).toEqual([0])
  expect(
    read('SELECT count(*) FROM connects WHERE coalesce(pid, tid, netns, mntns, netns_cookie, local_port) IS NOT NULL'),
  ).toEqual([0])
  expect(
    read(`SELECT count(*) FROM (SELECT endpoint_id FROM connect_attempt JOIN endpoint USING (endpoint_id)
    WHERE remote_address NOT IN ('0.0.0.0', '::') GROUP BY 1 HAVING count(*) < 10)`),
  ).toEqual([0])
  expect(read('SELECT count(*) FROM connect_attempt')).toEqual([700])
  db.close()
})

test('at level strict, no resolved address says which endpoint was merged', async () => {
  const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 700)] })
  const [few, many] = ['ASC', 'DESC'].map((order) => {
    const select = `SELECT remote_address FROM connect_attempt JOIN endpoint USING (endpoint_id) WHERE family = 4 GROUP BY 1
      ORDER BY count(*) ${order}`
    return db.prepare(select).pluck().get() as string
  }) as [string, string]
  // One attempt of an address of its own
  db.exec(`UPDATE endpoint SET address = x'00000000000000000000ffff0a090909', remote_address = '10.9.9.9'
    WHERE remote_address = '${few}'`)
  db.exec(`DELETE FROM connect_attempt WHERE attempt_id > (SELECT min(attempt_id) FROM connect_attempt JOIN endpoint USING (endpoint_id)
    WHERE remote_address = '10.9.9.9') AND endpoint_id IN (SELECT endpoint_id FROM endpoint WHERE remote_address = '10.9.9.9')`)
  db.exec(`INSERT INTO dns_name VALUES (1, 'rare.example'), (2, 'busy.example')`)
  db.exec('INSERT INTO connect_dns SELECT attempt_id, 1 + attempt_id % 2, 1, 1, 1 FROM connect_attempt')
  db.exec(`INSERT INTO dns_address VALUES (1, 1, '10.9.9.9'), (1, 2, '${many}')`)
  const shared = new Database(await shareSample([file], { level: 'strict' }), { readonly: true })
  const read = (sql: string) => shared.prepare(sql).pluck().all()
  expect(read('SELECT dns_name_id FROM dns_address')).toEqual([2])
  expect(read('SELECT count(*) FROM dns_name')).toEqual([2])
  shared.close()
})

test('of a part of the attempts, only their addresses behind translation are shared', async () => {
  const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 200)] })
  const attempt = (condition: string) =>
    db
      .prepare(`SELECT min(attempt_id) FROM connect_attempt JOIN endpoint USING (endpoint_id) WHERE ${condition}`)
      .pluck()
      .get()
  const endpoint = db.prepare('INSERT INTO endpoint VALUES (?, 4, ?, ?, 1)')
  for (const i of [1, 2]) {
    endpoint.run(9000 + i, Buffer.from(`00000000000000000000ffff0a63630${i}`, 'hex'), `10.99.99.${i}`)
  }
  const insert = db.prepare('INSERT INTO connect_nat VALUES (?, ?, NULL)')
  insert.run(attempt('remote_port = 443'), 9001)
  insert.run(attempt('remote_port <> 443'), 9002)
  const shared = new Database(await shareSample([file], { port: ['443'] }), { readonly: true })
  const ids = shared.prepare('SELECT endpoint_id FROM endpoint WHERE endpoint_id > 9000').pluck().all()
  expect(ids).toEqual([9001])
  expect(shared.prepare('SELECT nat_endpoint_id FROM connect_nat').pluck().all()).toEqual([9001])
  shared.close()
})

test.each([
  [{}, '53,5353,40123,61000'],
  [{ level: 'strict' }, '53,1024,49152'],
  [{ drop: ['ports'] }, null],
])('ports of DNS packets are treated like remote ports: %j', async (options, ports) => {
  const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 20)] })
  db.exec("UPDATE session SET dns_ports = '53,5353,40123,61000'")
  const shared = new Database(await shareSample([file], options), { readonly: true })
  expect(shared.prepare('SELECT dns_ports FROM session').pluck().all()).toEqual([ports])
  shared.close()
})

test.each([{}, { outcome: ['established'] }])('a share of a part stays marked as a part: %j', async (scope) => {
  const part = await shareSample([makeTrace()], { port: ['443'] })
  expect(describeTrace(await shareSample([part], scope))).toContain('  filters       dropped share')
})

test.each([
  ['{"port":[443]}', {}, { dropped: ['port', 'share'] }],
  ['{"port":[443]}', { keep: ['filters'] }, { port: [443], dropped: ['share'] }],
  ['{"port":[443],"dropped":["share","comm"]}', {}, { dropped: ['port', 'share', 'comm'] }],
  ['{"dropped":["comm"]}', { keep: ['filters'] }, { dropped: ['comm', 'share'] }],
  // As a damaged file may have it
  ['null', {}, { dropped: ['share'] }],
  ['null', { keep: ['filters'] }, { dropped: ['share'] }],
  ['{"dropped":5}', { keep: ['filters'] }, { dropped: ['share'] }],
  ['{"port"', { keep: ['filters'] }, { dropped: ['share'] }],
])('of a part of the attempts, the filters %s and share stay, with %j', async (filters, options, expected) => {
  const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 50)] })
  db.prepare('UPDATE session SET filters = ?').run(filters)
  const shared = new Database(await shareSample([file], { port: ['443'], ...options }), { readonly: true })
  expect(JSON.parse(shared.prepare('SELECT filters FROM session').pluck().get() as string)).toEqual(expected)
  shared.close()
})

test('--drop addresses leaves no address in place of a DNS name, and reveal finds it by its token', async () => {
  const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 50)] })
  db.exec("INSERT INTO dns_name VALUES (1, '10.1.2.3')")
  db.exec('INSERT INTO connect_dns SELECT attempt_id, 1, 1, 1, 1 FROM connect_attempt')
  const shared = new Database(await shareSample([file], { drop: ['addresses'] }), { readonly: true })
  const name = shared.prepare('SELECT dns_name FROM dns_name').pluck().get() as string
  shared.close()
  expect(name).toMatch(/^name-[0-9a-z]{8}$/)
  const key = join(makeTemporaryDirectory(), 'key')
  writeFileSync(key, `${SECRET.toString('hex')}\n`, { mode: 0o600 })
  const { stdout } = await runTool(['reveal', name, '--key', key, '--trace', file])
  expect(stdout).toBe(`${name}\t10.1.2.3\n`)
})

test.each(['default', 'strict'])(
  '--keep addresses keeps an address in place of a DNS name at level %s',
  async (level) => {
    const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 50)] })
    db.exec("INSERT INTO dns_name VALUES (1, '10.1.2.3'), (2, '2001:DB8::1'), (3, 'www.acme.com')")
    db.exec('INSERT INTO connect_dns SELECT attempt_id, attempt_id % 3 + 1, 1, 1, 1 FROM connect_attempt')
    const namesOf = async (options: object) => {
      const shared = new Database(await shareSample([file], { level, ...options }), { readonly: true })
      const names = shared.prepare('SELECT dns_name FROM dns_name ORDER BY dns_name_id').pluck().all() as string[]
      shared.close()
      return names
    }
    const token = expect.stringMatching(level === 'strict' ? /^name-[0-9a-z]{8}$/ : /^name-\w{8}\.domain-\w{8}\.com$/)
    expect(await namesOf({ keep: ['addresses'] })).toEqual(['10.1.2.3', '2001:db8::1', token])
    expect(await namesOf({ keep: ['addresses'], drop: ['dns'] })).toEqual(['name'])
    const [replaced, other] = await namesOf({})
    expect(replaced).not.toBe('10.1.2.3')
    expect(other).not.toBe('2001:db8::1')
  },
)

test('of what an original reports about earlier shares, only known values are copied', async () => {
  const { db, file } = makeSampleTrace({ batches: [variedEvents(createRandom(3), 20)] })
  const earlier = [
    { level: 'strict', keep: ['comm', 'acme'], drop: 'acme', is_reduced: true, acme: 'acme' },
    { level: 'acme', is_reduced: 'acme' },
    null,
  ]
  db.prepare('UPDATE session SET sharing = ?').run(JSON.stringify(earlier))
  const shared = new Database(await shareSample([file]), { readonly: true })
  expect(JSON.parse(shared.prepare('SELECT sharing FROM session').pluck().get() as string)).toEqual([
    { level: 'strict', keep: ['comm'], drop: [], is_reduced: true },
    { keep: [], drop: [], is_reduced: false },
    { keep: [], drop: [], is_reduced: false },
    { level: 'default', keep: [], drop: [], is_reduced: false },
  ])
  shared.close()
})

test('--keep leaves fields as they are, --drop leaves them out', async () => {
  const shared = await shareSample([makeTrace()], { keep: ['addresses,comm', 'time'], drop: ['user', 'cgroup'] })
  const db = new Database(shared, { readonly: true })
  const read = (sql: string) => db.prepare(sql).pluck().all()
  expect(read('SELECT remote_address FROM endpoint')).toContain('10.0.1.1')
  expect(read('SELECT DISTINCT comm FROM process')).toContain('thread-1')
  expect(read('SELECT count(*) FROM process WHERE uid IS NOT NULL OR user IS NOT NULL')).toEqual([0])
  expect(read('SELECT count(*) FROM cgroup WHERE path IS NOT NULL')).toEqual([0])
  expect(read('SELECT started_unix_ns FROM session')).toEqual([1_700_000_000_000_000_000])
  db.close()
})

test.each(FIELD_NAMES.filter((field) => field !== 'time'))(
  '--drop %s works for a trace with all tables',
  async (field) => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    copyFileSync(FULL_TRACE, file)
    const shared = await shareSample([file], { drop: [field] })
    const db = new Database(shared, { readonly: true })
    expect([db.pragma('integrity_check', { simple: true }), db.pragma('foreign_key_check')]).toEqual(['ok', []])
    const containers = field === 'container' ? 0 : 1
    const read = (sql: string) => db.prepare(sql).pluck().get()
    expect(read('SELECT count(*) FROM container')).toBe(containers)
    expect(read('SELECT count(container_key) FROM cgroup')).toBe(containers)
    expect(read('SELECT count(*) FROM connect_nat')).toBe(2)
    db.close()
  },
)

test.each(OLDER_VERSIONS)('a trace of version %i is shared as one of the newest', async (version) => {
  const { file } = makeSampleTrace({ batches: [variedEvents(createRandom(5), 300), null] })
  const older = makeOlderTrace(file, version)
  const shared = await shareSample([older])
  const attempts = (path: string) =>
    rowObjects(runQuery(topEndpoints, [path]))
      .map(({ remote_address: _, ...row }) => JSON.stringify(row))
      .toSorted()
  expect(attempts(shared)).toEqual(attempts(older))
})

test('a shared trace for one command is removed after it', async () => {
  const file = makeTrace()
  const path = await withSharedTrace([file], {}, (shared) => {
    expect(rowObjects(runQuery(topEndpoints, [shared]))).toHaveLength(rowObjects(runQuery(topEndpoints, [file])).length)
    return shared
  })
  expect(existsSync(path)).toBe(false)
})
