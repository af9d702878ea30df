import { expect, test } from 'vitest'
import type { EventFields } from '../../record/make-events.js'
import { createRandom, randomInteger, randomNormal } from '../../store/random.js'
import { makeSampleTrace } from '../sample-trace.js'
import { askTool } from './ask-tool.js'
import type { ExactRow, ExactValue } from './read-exact-json.js'

const COUNT = 25_000
/** Batches: the writer takes no more than 16,384 attempts at once. */
const PARTS = 10
const LIMIT = 0.01

/** Latencies in ns by what they are drawn from. Its port tells in the trace which one it was. */
const DISTRIBUTIONS: Readonly<Record<string, (random: () => number) => number>> = {
  'log-normal': (random) => 2e6 * Math.exp(randomNormal(random)),
  bimodal: (random) => (random() < 0.7 ? 8e4 : 3e8) * Math.exp(0.3 * randomNormal(random)),
  constant: () => 123_456_789,
  'heavy-tailed': (random) => 1e5 / (1 - random()) ** 2,
}
const NAMES = Object.keys(DISTRIBUTIONS)

/** A session with windows, and rows after the last one, as if it had been killed. */
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

/** How far a value is from the exact one, as a share of that. */
function errorOf(value: ExactValue | undefined, exact: ExactValue | undefined): number {
  return Math.abs(Number(value) - Number(exact)) / Number(exact)
}

/** The columns with latencies, by name and with the largest of their errors. */
function worstErrors(found: readonly ExactRow[], exact: readonly ExactRow[]): Record<string, number> {
  const names = Object.keys(exact[0] ?? {}).filter((name) => name.endsWith('_ns'))
  const errors = (name: string) => exact.map((row, i) => errorOf(found[i]?.[name], row[name]))
  return Object.fromEntries(names.map((name) => [name, Math.max(...errors(name))]))
}

test(
  'percentiles from histograms are within 1 % of those of every value, whatever the distribution',
  { timeout: 60_000 },
  async () => {
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
    // By endpoint, by process, and by session: each of them is stored for itself.
    for (const args of [['--by', 'port', '--sort', 'remote_port'], ['--by', 'comm', '--sort', 'comm'], []]) {
      const errors = await ask(args)
      for (const [name, error] of Object.entries(errors)) expect(error, `${name} ${args.join(' ')}`).toBeLessThan(LIMIT)
      expect(Object.keys(errors)).toEqual(expect.arrayContaining(['p50_ns', 'p90_ns', 'p99_ns', 'p999_ns', 'max_ns']))
      expect(errors['max_ns']).toBe(0)
      // It is histograms that were read: the exact value would be right by chance.
      expect(Math.max(errors['p50_ns']!, errors['p99_ns']!)).toBeGreaterThan(0)
    }
  },
)
