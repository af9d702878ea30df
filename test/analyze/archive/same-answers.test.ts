import { readdirSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { answer } from '../remote/answer.js'
import { makeTraces, questionsOf, questionsOfSides, type Question } from '../remote/questions.js'
import { makeArchive, sendArchive, startFoundS3, withoutSums } from './archives.js'

/** A data set does not have lookups. */
const UNKNOWN = ['dns_lookups', 'dns_names']

/** Queries that read the seconds of stored sums. */
const BY_TIME = ['timeline', 'heatmap']

/** An answer without what a data set does not have. */
function knownOf(text: string): string {
  const rows = JSON.parse(text) as Record<string, unknown>[]
  for (const row of rows) for (const name of UNKNOWN) if (name in row) row[name] = null
  return JSON.stringify(rows)
}

/** The questions whose answers differ, with both answers. */
async function findDifferences(place: string, questions: readonly Question[]): Promise<string[]> {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
  const differences: string[] = []
  for (const { local, remote } of questions) {
    const words = [...remote, '--from', place]
    if (remote[0] === 'dns') {
      await expect(answer(words)).rejects.toMatchObject({ code: 'E_ARCHIVE_NO_LOOKUPS' })
      continue
    }
    const isByTime = BY_TIME.includes(remote[0] ?? '')
    const asked = isByTime ? local.map((word) => (word.endsWith('.db') ? withoutSums(word) : word)) : local
    const [expected, found] = [knownOf(await answer(asked)), JSON.stringify(JSON.parse(await answer(words)))]
    if (expected !== found) differences.push(`${remote.join(' ')}\n${expected}\n${found}`)
    if (expected.length < 4) differences.push(`${remote.join(' ')} has no rows`)
  }
  return differences
}

/** UUIDs of the sessions of a host, by their start. */
function sessionsIn(directory: string, host: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const own = names.filter((name) => name.startsWith(`host=${host}/`) && name.endsWith('.parquet'))
  return [...new Set(own.map((name) => (name.split('/').at(-1) as string).slice(0, 36)))].toSorted()
}

describe('a data set gives the same cells as the traces that were exported to it', () => {
  test('in a directory, for each query, each dimension, filters, times and two hosts', async () => {
    const files = makeTraces()
    const place = await makeArchive(files)
    const sides = questionsOfSides(files, sessionsIn(place, 'web-1'))
    const questions = [...questionsOf(files), ...sides]
    const asked = new Set(questions.map(({ remote }) => remote[0]))
    expect(CATALOGUE.map(({ name }) => name).filter((name) => !asked.has(name))).toEqual([])
    expect(await findDifferences(place, questions)).toEqual([])
  })

  test.each(['host', 'date,host'])('partitioned by %s', async (partition) => {
    const files = makeTraces()
    const place = await makeArchive(files, { partition })
    const chosen = questionsOf(files).filter(({ remote }) => remote.includes('--since') || remote.includes('host'))
    expect(chosen.length).toBeGreaterThan(5)
    expect(await findDifferences(place, chosen)).toEqual([])
  })

  test('in a bucket, for each query', async () => {
    await startFoundS3()
    onTestFinished(() => void vi.unstubAllEnvs())
    const files = makeTraces()
    const place = await sendArchive(files)
    const all = [...questionsOf(files), ...questionsOfSides(files, []).slice(0, 1)]
    const firsts = all.filter(({ remote }, i) => all.findIndex((one) => one.remote[0] === remote[0]) === i)
    expect(firsts).toHaveLength(CATALOGUE.length)
    expect(await findDifferences(place, firsts)).toEqual([])
  })
})
