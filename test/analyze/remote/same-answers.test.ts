import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { Command } from 'commander'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addAnalyzeCommands } from '../../../src/analyze/command.js'
import { migrateFleet } from '../../../src/fleet/migrate.js'
import { startClickhouse, type ClickhouseServer } from '../../support/clickhouse-server.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { makeGeneratedTrace } from '../oracle/generated-trace.js'
import { ORACLES } from '../oracle/oracles.js'
import { loadFleet } from './load-fleet.js'

const LONG = 120_000

async function prepare(): Promise<{ server: ClickhouseServer; files: string[] }> {
  const server = await startClickhouse()
  onTestFinished(() => server[Symbol.asyncDispose]())
  await migrateFleet(server.url(), { passwordFile: server.passwordFile() })
  const files = [makeGeneratedTrace(3000), makeGeneratedTrace(1500)]
  const db = new Database(files[1] as string)
  db.exec("UPDATE session SET host = 'web-2', boot_id = 'another boot'")
  db.close()
  await loadFleet(server, files)
  return { server, files }
}

/** What the tool writes for a query, in this process. */
async function answer(words: readonly string[]): Promise<string> {
  const path = join(makeTemporaryDirectory(), 'answer.json')
  const args = ['analyze', ...words, '--format', 'json', '-o', path]
  const program = new Command().exitOverride()
  await addAnalyzeCommands(program, args)
  await program.parseAsync(args, { from: 'user' })
  return readFileSync(path, 'utf8')
}

describe('a server gives the same cells as its traces', () => {
  test('for each query', { timeout: LONG }, async () => {
    const { server, files } = await prepare()
    const differing: string[] = []
    const times: string[] = []
    for (const { args, picksSessions = false } of ORACLES) {
      if (picksSessions) continue
      const t0 = performance.now()
      const local = await answer([...args, ...files, '--session', 'all'])
      const t1 = performance.now()
      const remote = await answer([...args, ...server.options('--from')]).catch((error: unknown) =>
        String((error as Error).stack),
      )
      times.push(`${args.join(' ')} ${(t1 - t0).toFixed(0)} ${(performance.now() - t1).toFixed(0)}`)
      if (local !== remote) differing.push(`${args.join(' ')}\n${local.slice(0, 600)}\n${remote.slice(0, 600)}`)
    }
    console.log(times.join('\n'))
    expect(differing.slice(0, 3).join('\n\n')).toBe('')
  })
})
