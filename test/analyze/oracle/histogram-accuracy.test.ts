import { expect, test } from 'vitest'
import type { EventFields } from '../../record/make-events.js'
import { createRandom, randomInteger, randomNormal } from '../../store/random.js'
import { makeSampleTrace } from '../sample-trace.js'
import { askTool } from './ask-tool.js'
import type { ExactRow, ExactValue } from './read-exact-json.js'

const COUNT = 25_000
/** Batches, because the writer accepts at most 16,384 attempts at once. */
const PARTS = 10
const LIMIT = 0.01

/** Latencies in ns by distribution. In the trace, the port identifies the distribution. */
const DISTRIBUTIONS: Readonly<Record<string, (random: () => number) => number>> = {
  'log-normal': (random) => 2e6 * Math.exp(randomNormal(random)),
  bimodal: (random) => (random() < 0.7 ? 8e4 : 3e8) * Math.exp(0.3 * randomNormal(random)),
  constant: () => 123_456_789,
  'heavy-tailed': (random) => 1e5 / (1 - random()) ** 2,
}
const NAMES = Object.keys(DISTRIBUTIONS)

/** A session with windows, and rows after the last one, as after a kill. */
function makeTrace(): string {
  const random = createRandom(99)
  const events = Array.from({ length: COUNT * NAMES.length }, (_, i): Partial<EventFields> => {
    const at = Math.floor(i / COUNT)
    const comm = NAMES[at] as string
    const latencyNs = BigInt(Math.max(1, Math.round(DISTRIBUTIONS[comm]!(random))))
    return { latencyNs, comm, tid: 1000 + at, remotePort: 1 + at, startedNs: BigInt(randomInteger(random, 0, 59e9)) }
  })
  const parts = Array.from({ length: PARTS }, (_, i) => events.filter((__, j) => j % PARTS === i))
  const batches = parts.flatMap((part, i) => (i === 3 || i === 7 ? [part, null] : [part]))
  const { db, file } = makeSampleTrace({ batches, goodbye: false })
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

/** The relative difference from the exact value. */
function errorOf(value: ExactValue | undefined, exact: ExactValue | undefined): number {
  return Math.abs(Number(value) - Number(exact)) / Number(exact)
}

/** The columns with latencies, by name, with the largest of their errors. */
function worstErrors(found: readonly ExactRow[], exact: readonly ExactRow[]): Record<string, number> {
  const names = Object.keys(exact[0] ?? {}).filter((name) => name.endsWith('_ns'))
  const errors = (name: string) => exact.map((row, i) => errorOf(found[i]?.[name], row[name]))
  return Object.fromEntries(names.map((name) => [name, Math.max(...errors(name))]))
}

test('percentiles from histograms are within 1 % of exact ones, whatever the distribution', async () => {
  const file = makeTrace()
  const ask = async (args: readonly string[]) => {
    const [found, exact] = await Promise.all([
      askTool(['latency', file, ...args]),
      askTool(['latency', file, ...args, '--exact']),
    ])
    const attempts = exact.reduce((sum, row) => sum + Number(row['attempts']), 0)
    expect([found.length, attempts]).toEqual([exact.length, COUNT * NAMES.length])
    return worstErrors(found, exact)
  }
  // By endpoint, by process, and by session: the sums of each are stored separately.
  for (const args of [['--by', 'port', '--sort', 'remote_port'], ['--by', 'comm', '--sort', 'comm'], []]) {
    const errors = await ask(args)
    for (const [name, error] of Object.entries(errors)) expect(error, `${name} ${args.join(' ')}`).toBeLessThan(LIMIT)
    expect(Object.keys(errors)).toEqual(expect.arrayContaining(['p50_ns', 'p90_ns', 'p99_ns', 'p999_ns', 'max_ns']))
    expect(errors['max_ns']).toBe(0)
    // Checks that histograms were read: exact values would make the test pointless.
    expect(Math.max(errors['p50_ns']!, errors['p99_ns']!)).toBeGreaterThan(0)
  }
})
