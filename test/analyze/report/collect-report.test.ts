import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectReport, LIMITS } from '../../../src/analyze/report/collect-report.js'
import { buildPage } from '../../../src/analyze/report/build-page.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import type { ReportSide, ReportTable } from '../../../src/analyze/report/report-data.js'
import { failures } from '../../../src/analyze/queries/failures/failures.js'
import { slowest } from '../../../src/analyze/queries/slowest/slowest.js'
import { summary } from '../../../src/analyze/queries/summary/summary.js'
import type { EventFields } from '../../record/make-events.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace } from '../sample-trace.js'
import { makeDemoTrace } from './demo-trace.js'

/** Everything that is not all read one by one is found in stored sums, and in some attempts. */
const FROM_SUMS = { ...LIMITS, readAttempts: 0 }
const ALL = { limit: Infinity, sort: null, width: 120, values: {} }

function makeTrace(minutes = 20): string {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  makeDemoTrace(file, { minutes, hasIncident: true })
  return file
}

/** The only side. */
function sideOf(file: string, raw: RawScope = {}, limits = LIMITS): ReportSide {
  const { sides, changes } = collectReport([file], raw, limits)
  expect(sides).toHaveLength(1)
  expect(changes).toBeNull()
  return sides[0] as ReportSide
}

const tableOf = ({ tables }: ReportSide, id: string) => tables.find((table) => table.id === id) as ReportTable
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

function columnOf(table: ReportTable, name: string): (string | number | null)[] {
  const column = table.columns.findIndex((one) => one.name === name)
  expect(column, name).toBeGreaterThanOrEqual(0)
  return table.rows.map((row) => row[column] ?? null)
}

const numbersOf = (table: ReportTable, name: string) => columnOf(table, name).map(Number)

test.each([
  ['everything', {}],
  ['some minutes', { since: '+5m', until: '+15m' }],
  ['one port', { port: ['5432'] }],
] as const)('%s: timeline, heatmap, endpoints and their timelines add up to what summary counts', (_, raw) => {
  const file = makeTrace()
  const [row] = inScope([file], raw as unknown as RawScope, (scope) => summary.run(scope, ALL).rows)
  const valueOf = (name: string) => Number(row?.[summary.columns.findIndex((column) => column.name === name)])
  for (const limits of [LIMITS, FROM_SUMS]) {
    const side = sideOf(file, raw as unknown as RawScope, limits)
    expect(sum(side.timeline.attempts)).toBe(valueOf('attempts'))
    expect(sum(side.timeline.failed)).toBe(valueOf('failed'))
    expect(sum(side.heatmap.flat())).toBe(valueOf('established'))
    expect(side.endpoints.length).toBe(valueOf('endpoints'))
    const endpoints = tableOf(side, 'endpoints')
    expect(side.endpoints.map(({ attempts }) => sum(attempts))).toEqual(numbersOf(endpoints, 'attempts'))
    expect(side.endpoints.map(({ failed }) => sum(failed))).toEqual(numbersOf(endpoints, 'failed'))
    expect(sum(side.endpoints.flatMap(({ bands }) => bands))).toBe(valueOf('established'))
  }
})

test('namespaces and images have tables if containers are known, then on both sides of a comparison', () => {
  const { db, file } = makeSampleTrace({ batches: [[{ cgroupId: 1n }, { cgroupId: 1n }, { cgroupId: 2n }]] })
  const { db: plainDb, file: plain } = makeSampleTrace({ batches: [[{ cgroupId: 1n }]] })
  // No file of its runtime names it.
  plainDb.exec("INSERT INTO container (container_key, session_id, container_id) VALUES (1, 1, 'cafe')")
  db.exec(`INSERT INTO container (container_key, session_id, container_id, container_image, pod_name, pod_namespace)
    VALUES (1, 1, 'feedfacecafe', 'registry.example/cart:2', 'cart-0', 'shop')`)
  db.exec('UPDATE cgroup SET container_key = 1 WHERE kernel_cgroup_id = 1')
  const side = sideOf(file)
  const counts = (id: string, column: string) => {
    const table = tableOf(side, id)
    return columnOf(table, column).map((name, i) => [name, numbersOf(table, 'attempts')[i]])
  }
  expect(counts('namespaces', 'pod_namespace')).toEqual([
    ['shop', 2],
    [null, 1],
  ])
  expect(counts('images', 'container_image')).toEqual([
    ['registry.example/cart:2', 2],
    [null, 1],
  ])
  const ids = ({ tables }: ReportSide) => tables.map(({ id }) => id)
  expect(ids(sideOf(plain)).filter((id) => ['namespaces', 'images'].includes(id))).toEqual([])
  for (const files of [
    [plain, file],
    [file, plain],
  ]) {
    const [before, after] = collectReport(files, {}).sides as [ReportSide, ReportSide]
    expect(ids(before)).toEqual(ids(after))
    expect(ids(after)).toEqual(expect.arrayContaining(['namespaces', 'images']))
  }
})

test('percentiles of an endpoint over time are those that its attempts have', () => {
  const file = makeTrace()
  const [rows, sums] = [sideOf(file), sideOf(file, {}, FROM_SUMS)]
  const of = (side: ReportSide) =>
    side.endpoints.find(({ name }) => name === '192.0.2.20:5432') as ReportSide['timeline']
  // Minutes are windows here; attempts that are read are put into intervals of 20 s.
  expect(sums.endpointTimes.starts).toHaveLength(20)
  expect(rows.endpointTimes.starts).toHaveLength(60)
  for (const side of [of(rows), of(sums)]) {
    const middle = Math.round(side.p50.length * 0.75)
    expect(side.p50[1]).toBeGreaterThan(3e5)
    expect(side.p50[1]).toBeLessThan(5e5)
    expect(side.p50[middle]).toBeGreaterThan(3e6)
    expect(side.p50[middle]).toBeLessThan(6e6)
  }
})

test('failures from stored sums have the exact counts and times, errno and callers', () => {
  const file = makeTrace()
  const exact = inScope([file], {}, (scope) => failures.run(scope, ALL))
  const [read, summed] = [tableOf(sideOf(file), 'failures'), tableOf(sideOf(file, {}, FROM_SUMS), 'failures')]
  expect(numbersOf(read, 'attempts')).toEqual(exact.rows.map((row) => row[5]))
  const names = ['remote_address', 'remote_port', 'outcome', 'errno_name', 'attempts', 'comm']
  const rowsOf = (table: ReportTable) =>
    table.rows
      .map((_, i) => [...names, 'first_seen_ns', 'last_seen_ns'].map((name) => columnOf(table, name)[i]))
      .toSorted((a, b) => String(a).localeCompare(String(b)))
  expect(rowsOf(summed)).toEqual(rowsOf(read))
  expect(summed.notes.join(' ')).toContain('FIRST SEEN and LAST SEEN are exact')
  const headingsOf = (table: ReportTable) =>
    table.columns.flatMap(({ name, heading }) => (/_seen_/.test(name) ? heading : []))
  for (const table of [read, summed]) expect(headingsOf(table)).toEqual(['FIRST SEEN', 'LAST SEEN'])
})

test('failures of a large trace whose attempts are missing have no time, which a note says', () => {
  const { file, db } = makeSampleTrace({
    batches: [[{ outcome: 1, error: 111 }], null, [{ outcome: 1, error: 111, remotePort: 444 }], null],
  })
  db.exec('DELETE FROM connect_attempt WHERE attempt_id = 1')
  const table = tableOf(sideOf(file, {}, FROM_SUMS), 'failures')
  const times = columnOf(table, 'first_seen_ns')
  expect(times.filter((time) => time === null)).toHaveLength(1)
  expect(columnOf(table, 'last_seen_ns')).toEqual(times)
  expect(table.notes[0]).toBe('1 failure has no first or last time: attempts of it are missing')
})

test('the slowest attempts of a large trace are the slowest ones, though only some intervals are read', () => {
  const file = makeTrace()
  const exact = inScope([file], {}, (scope) => slowest.run(scope, { ...ALL, limit: 20 }))
  const column = exact.columns.findIndex(({ name }) => name === 'latency_ns')
  const wanted = exact.rows.map((row) => Number(Number(row[column]).toPrecision(4)))
  expect(new Set(wanted).size).toBeGreaterThan(5)
  expect(numbersOf(tableOf(sideOf(file, {}, FROM_SUMS), 'slowest'), 'latency_ns')).toEqual(wanted)
})

test('retransmits of a large trace come from stored sums', () => {
  const file = makeTrace()
  const [read, summed] = [sideOf(file), sideOf(file, {}, FROM_SUMS)].map((side) => tableOf(side, 'retransmits'))
  expect(numbersOf(summed as ReportTable, 'attempts').toSorted()).toEqual(
    numbersOf(read as ReportTable, 'attempts').toSorted(),
  )
  expect(sum(numbersOf(summed as ReportTable, 'timed_out'))).toBe(sum(numbersOf(read as ReportTable, 'timed_out')))
})

test('endpoints that the page has no room for are counted together', () => {
  const side = sideOf(makeTrace(), {}, { ...LIMITS, endpoints: 2 })
  expect(side.endpoints).toHaveLength(2)
  const table = tableOf(side, 'endpoints')
  const rest = sum(side.timeline.attempts) - sum(numbersOf(table, 'attempts'))
  expect(table.hiddenRows).toBe(5)
  expect(table.notes[0]).toContain(`5 more endpoints with ${rest.toLocaleString('en')} attempts`)
})

test('two files are two sides with the same bands, and FILE@1 is a session of a file', () => {
  const [before, after] = [makeTrace(), makeTrace(30)]
  const { sides, edges, changes } = collectReport([`${before}@1`, after], {})
  expect(sides.map(({ name }) => name)).toEqual([`${before}@1`, after])
  expect(changes?.columns.map(({ name }) => name)).toContain('q_value')
  for (const side of sides)
    for (const bands of side.heatmap.filter((one) => one.length > 0)) expect(bands).toHaveLength(edges.length - 1)
  expect(sideOf(`${before}@1`).timeline).toEqual(sideOf(before).timeline)
  expect(() => collectReport([before, after, before], {})).toThrow(/is not accepted/)
  expect(() => collectReport([`${before}@7`], {})).toThrow(/--session.*is not accepted/)
})

test('a selection without attempts is a page that says so', () => {
  const side = sideOf(makeTrace(), { port: ['1'] } as unknown as RawScope)
  expect(sum(side.timeline.attempts)).toBe(0)
  expect(side.endpoints).toEqual([])
  expect(tableOf(side, 'endpoints').whenEmpty).toBe('no attempts match')
  expect(tableOf(side, 'failures').whenEmpty).toBe('no attempt failed')
})

test('a page is smaller than 400 kB however many endpoints, processes and names there are', () => {
  const random = createRandom(3)
  const minutes = Array.from({ length: 60 }, (_, minute) =>
    Array.from({ length: 600 }, (): Partial<EventFields> => {
      const name = randomInteger(random, 1, 400)
      return {
        startedNs: BigInt(minute * 60e9 + randomInteger(random, 0, 59e9)),
        latencyNs: BigInt(Math.floor(2 ** (10 + random() * 22))),
        pid: 1_000_000 + name,
        comm: `<worker-${name}-xyz`,
        exe: `executable-${name}`,
        exeInode: BigInt(name),
        uid: 1000 + name,
        cgroupId: BigInt(name),
        family: 6,
        remoteAddress: `20010db8ffffffffffffffffffff${name.toString(16).padStart(4, '0')}`,
        remotePort: 40_000 + name,
        outcome: name % 3 === 0 ? 1 : 0,
        error: name % 3 === 0 ? 111 : 0,
        synRetransmits: name % 2,
      }
    }),
  )
  const batches = minutes.flatMap((events) => [events, null])
  const [trace, other] = [makeSampleTrace({ batches }), makeSampleTrace({ batches })]
  for (const { db } of [trace, other]) {
    db.exec(`UPDATE process SET user = 'user-with-a-long-name-' || uid`)
    db.pragma('journal_mode = DELETE')
  }
  for (const limits of [LIMITS, FROM_SUMS]) {
    const data = collectReport([trace.file], {}, limits)
    expect(data.sides[0]?.endpoints).toHaveLength(100)
    expect(Buffer.byteLength(buildPage(data))).toBeLessThan(400_000)
  }
  expect(Buffer.byteLength(buildPage(collectReport([trace.file, other.file], {})))).toBeLessThan(400_000)
})

test('what a trace lacks is said first', () => {
  const file = makeTrace()
  const side = sideOf(file, { pid: ['2100'] } as unknown as RawScope)
  expect(side.warnings).toEqual([])
  expect(side.figures.at(-1)).toEqual(['completeness', 'complete'])
  const session = side.facts.find(({ title }) => title.startsWith('Session 1'))
  expect(session?.lines.map(([label]) => label)).toEqual(
    expect.arrayContaining(['loss', 'filters', 'recorded by', 'dns']),
  )
})
