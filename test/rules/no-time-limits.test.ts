import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'

/**
 * A test never fails because the machine is busy. It counts work (test/support/count-work.ts), injects a clock, or
 * waits for an event (test/support/wait-until.ts). Timings belong in script/bench.
 */
const CLOCKS = /performance\.now|hrtime|cpuUsage|startCpuClock|Date\.now|resourceUsage/
/** vitest's own functions give up after a second. */
const SHORT_WAITS = /\bvi\.waitFor|\bvi\.waitUntil|\bexpect\.poll/
/** A fixed sleep, followed by an assertion. */
const SLEEP_BEFORE_ASSERTION = /await (?:delay|sleep)\([^)]*\)\n\s*expect\(|setTimeout\(resolve, \d+\)\)\n\s*expect\(/
/** The timeout of a single test, for tests that may hang. */
const TEST_TIMEOUT = /\{ timeout: (\w+) \},\s*(?:async )?\(|^ *\}, ([\d_]{4,})\)$/gm
/** That of vitest.config.ts */
const SHORTEST_TIMEOUT_MS = 900_000

/** Files that may read a clock, and the reason why this is not a limit. */
const READERS: Readonly<Record<string, string>> = {
  'test/support/wait-until.ts': 'how long a test waits for an event before it gives up',
  'test/support/stopwatch.ts': 'how long a workload took, which what is recorded of it cannot exceed',
  'test/record/write/fixtures/record-loopback.ts':
    'when an attempt was made, which its recorded start has to lie between',
  'test/record/host/clock.test.ts': 'the clock under test, between two looks at another one',
  'test/record/kernel/live-reading.test.ts': 'when an attempt was made, which its recorded start has to lie between',
  'test/record/kernel/time-namespace.test.ts': 'when an attempt was made, which its recorded start has to lie between',
  'test/record/retention/retention.test.ts': 'dates of files that are hours old or ahead',
  'test/rules/layers.test.ts': 'sources that a lint rule has to refuse',
  'test/rules/no-time-limits.test.ts': 'this rule',
  'test/fuzz/fuzz.ts': 'a seed, and how long the fuzzing took, which is printed',
  'test/soak/soak.ts': 'how long the soak runs, which is its option',
}

const listSources = (): string[] =>
  readdirSync(join(REPOSITORY, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?ts$/.test(name) && !name.includes('node_modules'))
    .map((name) => `test/${name}`)

/** Describes how a source breaks the rule. */
function findLimits(source: string): string[] {
  const timeouts = [...source.matchAll(TEST_TIMEOUT)].map(([, first = '', last = '']) =>
    Number((first || last).replaceAll('_', '')),
  )
  return [
    ...(CLOCKS.test(source) ? ['reads a clock'] : []),
    ...(SHORT_WAITS.test(source) ? ['waits with a short limit'] : []),
    ...(SLEEP_BEFORE_ASSERTION.test(source) ? ['sleeps before an assertion'] : []),
    // A name is not a number: the rule would not see its value.
    ...timeouts.filter((ms) => !(ms >= SHORTEST_TIMEOUT_MS)).map((ms) => `gives a test ${ms} ms`),
  ]
}

describe('no test has a limit on real time or CPU time', () => {
  const sources = listSources().map((path) => [path, readFileSync(join(REPOSITORY, path), 'utf8')] as const)

  test('only the listed files read a clock, and no file sleeps before an assertion', () => {
    expect(sources.length).toBeGreaterThan(300)
    const broken = sources.filter(([path]) => !(path in READERS)).map(([path, source]) => [path, findLimits(source)])
    expect(Object.fromEntries(broken.filter(([, limits]) => limits?.length))).toEqual({})
  })

  test('every listed file still reads a clock', () => {
    const readers = sources.filter(([, source]) => CLOCKS.test(source)).map(([path]) => path)
    expect(readers.toSorted()).toEqual(Object.keys(READERS).toSorted())
  })

  test.each([
    ['const startMs = performance.now()', ['reads a clock']],
    ['expect(Date.now() - startMs).toBeLessThan(500)', ['reads a clock']],
    ['const before = process.hrtime.bigint()', ['reads a clock']],
    ['process.cpuUsage(start)', ['reads a clock']],
    ['await vi.waitFor(() => expect(lines).toHaveLength(1))', ['waits with a short limit']],
    ['await delay(100)\n    expect(rows).toEqual([])', ['sleeps before an assertion']],
    ['await new Promise((resolve) => setTimeout(resolve, 1500))\n  expect(rows)', ['sleeps before an assertion']],
    ["test('a name', { timeout: 5_000 }, async () => {})", ['gives a test 5000 ms']],
    ["test('a name', { timeout: LONG }, async () => {})", ['gives a test NaN ms']],
    ["test('a name', { timeout: 1_200_000 }, async () => {})", []],
    ["test('a name',\n  { timeout: 120_000 },\n  async () => {})", ['gives a test 120000 ms']],
    ['beforeAll(() => {\n  build()\n}, 120_000)', ['gives a test 120000 ms']],
    ["const db = new Database(file, { timeout: 0 })\nawait waitUntil('the row', () => rows.length)", []],
  ])('the rule reports %j', (source, limits) => {
    expect(findLimits(source)).toEqual(limits)
  })
})
