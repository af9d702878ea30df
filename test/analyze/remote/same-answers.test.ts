import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { push } from '../../../src/push/push.js'
import { startClickhouse, type ClickhouseServer } from '../../support/clickhouse-server.js'
import { startShards } from '../../support/clickhouse-shards.js'
import { answer } from './answer.js'
import { makeTraces, questionsOf, questionsOfSides, type Question } from './questions.js'

/** Answers at a time: each waits for the server most of the time. */
const PARALLEL = 3

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
