import { describe, expect, onTestFinished, test } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { DIMENSION_NAMES } from '../../../src/analyze/group/dimensions.js'
import { createRandom } from '../../store/random.js'
import { sampleEvents } from '../sample-events.js'
import { makeSampleTrace, type SessionParts } from '../sample-trace.js'
import { checkQueries, differing, exportToEngine } from './check-queries.js'
import { compareRows } from './compare-rows.js'
import { makeGeneratedTrace } from './generated-trace.js'
import { TOP_ENDPOINTS } from './group-oracles.js'
import type { Scenario } from './oracle.js'
import { ORACLES } from './oracles.js'
import { readExactJson } from './read-exact-json.js'

const ATTEMPTS = 50_000

async function openGenerated(count: number) {
  const trace = makeGeneratedTrace(count)
  const engine = await exportToEngine(trace)
  onTestFinished(() => engine.close())
  return { trace, engine }
}

describe('an oracle', () => {
  test('exists for every built-in query', () => {
    const asked = new Set(ORACLES.map(({ args }) => args[0]))
    expect(CATALOGUE.map(({ name }) => name).filter((name) => !asked.has(name))).toEqual([])
  })

  test('exists for every dimension of latency', () => {
    const asked = ORACLES.filter(({ args }) => args[0] === 'latency').map(({ args }) => args[2])
    expect(DIMENSION_NAMES.split(', ').filter((name) => !asked.includes(name))).toEqual([])
  })
})

describe('the comparison of rows', () => {
  const row = { name: 'a', n: 9_007_199_254_740_993n, share: 0.1 + 0.2 }

  test('accepts any order, and ignores other columns', () => {
    const found = [
      { name: 'b', n: 1n, other: null },
      { ...row, other: 'x' },
    ]
    expect(
      compareRows(
        found,
        [
          { ...row, share: 0.3 },
          { name: 'b', n: 1n },
        ],
        { key: ['name'] },
      ),
    ).toEqual([])
  })

  test.each([
    [
      'an integer that differs by one',
      [{ ...row, n: row.n + 1n }],
      /n is 9007199254740994 instead of 9007199254740993/,
    ],
    ['another share', [{ ...row, share: 0.3001 }], /share is 0.3001/],
    ['null', [{ ...row, share: null }], /share is null/],
    ['a text that looks like a number', [{ ...row, n: String(row.n) }], /n is "9007199254740993"/],
    ['a missing column', [{ name: 'a', n: row.n }], /share is no column/],
    ['a missing row', [], /0 rows instead of 1.*"a": missing/],
    ['an additional row', [row, { ...row, name: 'b' }], /2 rows instead of 1.*"b": not expected/],
    ['a duplicate row', [row, row], /2 rows have 1 keys/],
  ])('detects %s', (_, found, words) => {
    expect(compareRows(found, [row], { key: ['name'] }).join('; ')).toMatch(words)
  })

  test('accepts approximate columns within 1 % only', () => {
    const compare = (p50: bigint) =>
      compareRows([{ p50_ns: p50, n: 1n }], [{ p50_ns: 1000n, n: 1n }], { key: [], approximate: /^p/ })
    expect([compare(990n), compare(1010n)]).toEqual([[], []])
    expect(compare(1011n)).toEqual([': p50_ns is 1011 instead of 1000'])
  })

  test('reads integers of any size, and does not change texts', () => {
    const text = '[{"a":-9007199254740993,"b":1.5e-7,"c":"1, \\"2\\": 3","d":null}]'
    expect(readExactJson(text)).toEqual([{ a: -9_007_199_254_740_993n, b: 1.5e-7, c: '1, "2": 3', d: null }])
  })
})

test('every built-in query of a generated trace gives the rows of DuckDB', async () => {
  const { trace, engine } = await openGenerated(ATTEMPTS)
  const checks = await checkQueries({ trace, engine }, ORACLES, { args: [] })
  expect(differing(checks)).toEqual({})
  expect(await engine.query('SELECT count(*) AS n FROM c')).toEqual([{ n: BigInt(ATTEMPTS) }])
  for (const [question, { rows }] of checks) expect(rows, question).toBeGreaterThan(0)
})

test('the same with stored sums, and percentiles within 1 %', async () => {
  const { trace, engine } = await openGenerated(ATTEMPTS)
  const comparable = ORACLES.filter(({ estimated }) => estimated !== 'all')
  expect(comparable.length).toBeGreaterThan(ORACLES.length - 4)
  const checks = await checkQueries({ trace, engine }, comparable, { args: [], isFromSums: true })
  expect(differing(checks)).toEqual({})
})

const END = '(SELECT max(to_ns) FROM all_ranges)'
const BEGINNING = '(SELECT min(from_ns) FROM all_ranges)'
const FAILED = "outcome NOT IN ('established', 'pending')"

/** With the queries that these filters are used for. */
const SCENARIOS: readonly (readonly [Scenario, queries: readonly string[]])[] = [
  [{ args: [], isNewest: true }, ['summary', 'by-process', 'timeline', 'churn', 'dns', 'dns --never-connected']],
  [
    { args: ['--port', '443'], where: 'remote_port = 443' },
    ['summary', 'top-endpoints', 'latency --by comm', 'retransmits', 'diff --all'],
  ],
  [
    { args: ['--outcome', 'failed'], where: FAILED, covered: FAILED },
    ['summary', 'by-uid', 'failures', 'slowest --limit 1000', 'heatmap', 'dns'],
  ],
  [
    { args: ['--last', '40s'], since: `${END} - 40000000000` },
    ['summary', 'top-endpoints', 'latency --by process', 'failures', 'timeline --interval 7s', 'churn', 'dns'],
  ],
  [
    { args: ['--cgroup', '/cgroup-1'], where: "cgroup = '/cgroup-1'", lookups: "cgroup = '/cgroup-1'" },
    ['summary', 'by-process --by container', 'dns', 'dns --never-connected'],
  ],
  [
    {
      args: ['--since', '+15s', '--until', '-30s', '-u', '33,0', '-6', '--min-latency', '1ms'],
      where: 'uid IN (33, 0) AND family = 6 AND latency_ns >= 1000000',
      since: `${BEGINNING} + 15000000000`,
      until: `${END} - 30000000000`,
    },
    ['summary', 'latency', 'by-process --by comm', 'failures', 'timeline', 'slowest --limit 1000'],
  ],
]

test('the same with filters and a time range', async () => {
  const { trace, engine } = await openGenerated(10_000)
  for (const [scenario, questions] of SCENARIOS) {
    const oracles = ORACLES.filter(({ args }) => questions.includes(args.join(' ')))
    expect(oracles).toHaveLength(questions.length)
    const checks = await checkQueries({ trace, engine }, oracles, scenario)
    expect(differing(checks), JSON.stringify(scenario.args)).toEqual({})
    for (const [question, { rows }] of checks) expect(rows, question).toBeGreaterThan(0)
  }
})

describe('top-endpoints gives the rows of DuckDB', () => {
  const random = createRandom(1)
  const batches = () => [sampleEvents(random, 400), null, sampleEvents(random, 1), null, sampleEvents(random, 50)]
  const loss = { ringFull: 5, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }

  test.each<readonly [string, readonly SessionParts[]]>([
    ['an unclean shutdown, with windows and rows after them', [{ batches: batches(), goodbye: false }]],
    ['an unclean shutdown before its first window', [{ batches: [sampleEvents(random, 500)], goodbye: false }]],
    [
      'unclean shutdowns before and after a closed session',
      [{ batches: batches(), goodbye: false }, { batches: batches() }, { batches: batches(), goodbye: false }],
    ],
    [
      'a session with batches that have only losses',
      [{ batches: [[], sampleEvents(random, 30), []], loss, goodbye: false }],
    ],
  ])('for %s', async (_, sessions) => {
    const { file } = makeSampleTrace(...sessions)
    const engine = await exportToEngine(file)
    onTestFinished(() => engine.close())
    for (const scenario of [{ args: [] }, { args: [], isNewest: true }]) {
      const checks = await checkQueries({ trace: file, engine }, [TOP_ENDPOINTS], scenario)
      expect(differing(checks)).toEqual({})
      expect(checks.get('top-endpoints')?.rows).toBeGreaterThan(0)
    }
  })
})
