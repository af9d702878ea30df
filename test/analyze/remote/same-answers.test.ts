import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { push } from '../../../src/push/push.js'
import { startClickhouse, type ClickhouseServer } from '../../support/clickhouse-server.js'
import { startShards } from '../../support/clickhouse-shards.js'
import { makeGeneratedTrace } from '../oracle/generated-trace.js'
import { ORACLES } from '../oracle/oracles.js'
import { answer } from './answer.js'

/** Answers at a time: each waits for the server most of the time. */
const PARALLEL = 3

/** A question to traces, and the same question to a server. */
interface Question {
  readonly local: readonly string[]
  readonly remote: readonly string[]
}

/** Two hosts with three sessions each. */
function makeTraces(): [string, string] {
  const files: [string, string] = [makeGeneratedTrace(2000), makeGeneratedTrace(1000)]
  const db = new Database(files[1])
  db.exec("UPDATE session SET host = 'web-5', boot_id = 'another boot'")
  db.close()
  return files
}

async function pushTo(server: ClickhouseServer, files: readonly string[]): Promise<void> {
  onTestFinished(() => server[Symbol.asyncDispose]())
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
  await push(files, { to: server.url(), passwordFile: server.passwordFile() })
}

/** The questions whose answers differ, with both answers. */
async function findDifferences(server: ClickhouseServer, questions: readonly Question[]): Promise<string[]> {
  const differences: string[] = []
  const waiting = questions.values()
  const ask = async () => {
    for (const { local, remote } of waiting) {
      const [expected, found] = [await answer(local), await answer([...remote, ...server.options('--from')])]
      if (expected !== found) differences.push(`${remote.join(' ')}\n${expected}\n${found}`)
      if (expected.length < 4) differences.push(`${remote.join(' ')} has no rows`)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, ask))
  return differences
}

/** Filters and times, with a query that answers each from rows, from sums, or from both. */
const CHOSEN: readonly (readonly string[])[] = [
  ['top-endpoints', '--port', '443'],
  ['latency', '--by', 'comm', '--outcome', 'failed'],
  ['by-process', '--comm', 'worker', '--by', 'container'],
  ['summary', '-u', '33,0', '-6', '--min-latency', '1ms'],
  ['latency', '--by', 'dns', '--dst', '10.0.0.0/8'],
  ['failures', '--cgroup', '/cgroup-1'],
  ['dns', '--cgroup', '/cgroup-1'],
  ['top-endpoints', '--container', 'cart'],
  ['timeline', '--namespace', 'shop'],
  ['latency', '--by', 'process', '--exact'],
  ['summary', '--since', '+20s', '--until', '-20s'],
  ['by-uid', '--since', '+15s', '--until', '-30s'],
  ['heatmap', '--since', '+11m', '--until', '+21m'],
  ['slowest', '--since', '-11m', '--port', '80,443'],
  ['dns', '--since', '+20s', '--until', '-20s'],
  ['top-endpoints', '--by', 'host', '--limit', '5'],
  ['by-process', '--by', 'host'],
  ['failures', '--by', 'host'],
  ['churn', '--by', 'host', '--min-attempts', '2'],
  ['dns', '--by', 'host'],
  ['retransmits', '--sort', 'attempts'],
]

function questionsOf(files: readonly string[]): Question[] {
  const asked = ORACLES.filter(({ picksSessions = false }) => !picksSessions).map(({ args }) => args)
  return [...asked, ...CHOSEN].map((words) => ({ local: [...words, ...files, '--session', 'all'], remote: words }))
}

/** Comparisons, and answers of one host or session. */
function questionsOfSides([first, second]: readonly [string, string], uuids: readonly string[]): Question[] {
  const [one, two, three] = uuids as [string, string, string]
  const at = '2023-11-14T22:44:00Z'
  return [
    { local: ['diff', '--all', `${first}@all`, `${second}@all`], remote: ['diff', '--all', '--host', 'web-1,web-5'] },
    { local: ['diff', '--all', `${first}@1`, `${first}@2`], remote: ['diff', '--all', '--session', `${one},${two}`] },
    { local: ['diff', '--all', '--at', at, `${first}@3`], remote: ['diff', '--all', '--at', at, '--session', three] },
    { local: ['summary', second, '--session', 'all'], remote: ['summary', '--host', 'web-5'] },
    { local: ['by-process', first, '--session', '2'], remote: ['by-process', '--session', two] },
  ]
}

describe('a server gives the same cells as the traces that were pushed to it', () => {
  test('for each query, each dimension, filters, times and two hosts', async () => {
    const files = makeTraces()
    const server = await startClickhouse()
    await server.migrate()
    await pushTo(server, files)
    const uuids = await server.query<{ uuid: string }>(
      "SELECT toString(session_uuid) AS uuid FROM fleet.trace_session FINAL WHERE host = 'web-1' ORDER BY started_unix_ns",
    )
    const questions = [
      ...questionsOf(files),
      ...questionsOfSides(
        files,
        uuids.map(({ uuid }) => uuid),
      ),
    ]
    const asked = new Set(questions.map(({ remote }) => remote[0]))
    expect(CATALOGUE.map(({ name }) => name).filter((name) => !asked.has(name))).toEqual([])
    expect(await findDifferences(server, questions)).toEqual([])
  })

  test('with its hosts on two shards', async () => {
    const files = makeTraces()
    const server = await startShards()
    await pushTo(server, files)
    const counts = server.shards.map((shard) => shard.query('SELECT DISTINCT host FROM fleet.attempts_shard'))
    expect((await Promise.all(counts)).map((hosts) => hosts.length)).toEqual([1, 1])
    const all = [...questionsOf(files), ...questionsOfSides(files, []).slice(0, 1)]
    const firsts = all.filter(({ remote }, i) => all.findIndex((one) => one.remote[0] === remote[0]) === i)
    expect(firsts).toHaveLength(CATALOGUE.length)
    expect(await findDifferences(server, firsts)).toEqual([])
  })
})
