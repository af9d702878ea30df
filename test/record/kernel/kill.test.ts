import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom, randomInteger } from '../../store/random.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeNetworkNamespace, type NetworkNamespace } from '../../support/network-namespace.js'
import { startRecording } from '../../support/recorder.js'
import { watchRunDelay } from '../../support/run-delay.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { queryTrace, readSession } from '../../support/trace.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { startWorkload } from '../../support/workload.js'

const KILLS = 50
/** Some ticks after the one that recording began with. */
const MAX_LIFE_MS = 500
/** What a kill may cost while the recorder gets the CPU that it asks for. */
const MAX_MISSING_MS = 200
/** Kills before which the host may have let the recorder wait: what it waited is added to what may be missing. */
const MAX_HELD_UP = 10
/** So that no address comes twice. */
const LOAD = ['--mode', 'refused', '--rate', '5000', '--seconds', '170', '--endpoints', '1000000']
const STARTS = 8
/** From before the file is there to the first attempts, for as many recorders at once. */
const [MIN_START_MS, MAX_START_MS] = [50, 1200]

interface Kill {
  readonly lifeMs: number
  readonly missingMs: number
  /** What the recorder waited for a CPU meanwhile */
  readonly heldUpMs: number
}

describeKernel('kill -9 at any moment', () => {
  test(`${KILLS} of them under load, all into one file`, { timeout: 180_000 }, async () => {
    // Of memory: what a busy disk holds up is not what is asked here.
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=512m', 'none'])
    const file = join(directory, 'trace.db')
    const namespace = makeNetworkNamespace()
    // At an even rate, whatever else runs.
    const load = startWorkload('loadgen', LOAD, { under: [...namespace.exec, 'nice', '-n', '-20'] })
    const seed = Date.now() % 1e6
    const random = createRandom(seed)
    const kills: Kill[] = []
    const rows: number[] = []
    while (kills.length < KILLS) {
      kills.push(await killAfter(file, randomInteger(random, 0, MAX_LIFE_MS), namespace))
      expectWholeTrace(file)
      const found = countRows(file)
      expect(found.slice(0, -1), `seed ${seed}`).toEqual(rows)
      rows.push(found.at(-1) as number)
    }
    load.child.kill()
    const told = `seed ${seed}: ${JSON.stringify(kills)}`
    expect(
      kills.filter(({ missingMs, heldUpMs }) => missingMs > MAX_MISSING_MS + heldUpMs),
      told,
    ).toEqual([])
    expect(kills.filter(({ missingMs }) => missingMs > MAX_MISSING_MS).length, told).toBeLessThanOrEqual(MAX_HELD_UP)
    expect(await runTool(['record', file, '-d', '300ms'])).toMatchObject({ status: 0 })
    expectWholeTrace(file)
    expect(countRows(file).slice(0, -1)).toEqual(rows)
  })

  test('while it starts: the next recording finds a whole file, or none', async () => {
    const directory = makeTemporaryDirectory()
    const random = createRandom(Date.now())
    const files = Array.from({ length: STARTS }, (_, i) => join(directory, `${i}.db`))
    await Promise.all(
      files.map(async (file) => {
        const recorder = startTool(['record', file, '--duration', '1m'])
        await delay(randomInteger(random, MIN_START_MS, MAX_START_MS))
        process.kill(recorder.pid, 'SIGKILL')
        expect(await recorder.finished).toMatchObject({ signal: 'SIGKILL' })
      }),
    )
    for (const file of files) {
      expect(await runTool(['record', file, '-d', '10ms'])).toMatchObject({ status: 0 })
      expectWholeTrace(file)
    }
  })
})

/** Kills a recording `lifeMs` after it has begun. Expects that of the load nothing is missing in between. */
async function killAfter(file: string, lifeMs: number, { inode }: NetworkNamespace): Promise<Kill> {
  const recording = await startRecording({ file })
  const begunMs = Date.now()
  const runDelay = watchRunDelay(recording.pid)
  await delay(lifeMs)
  runDelay.end()
  // Before: to be killed wakes it up, perhaps on this CPU.
  const killedMs = Date.now()
  process.kill(recording.pid, 'SIGKILL')
  await recording.finished
  expect(readSession(file)).toMatchObject({ recorder_pid: recording.pid, duration_ns: null, end_reason: null })
  const attempts = readLoad(file, inode)
  const [first, last] = [attempts.at(0), attempts.at(-1)]
  expect(attempts.filter(({ number }, i) => number !== (first?.number ?? 0) + i)).toEqual([])
  const keptMs = last?.startedMs ?? begunMs
  const missingMs = Math.max(0, (first?.startedMs ?? 0) - begunMs) + killedMs - keptMs
  return { lifeMs, missingMs: Math.round(missingMs), heldUpMs: Math.round(runDelay.betweenMs(keptMs, killedMs)) }
}

/** The attempts of the newest session that the load made: its addresses follow each other. */
function readLoad(file: string, netns: number): { number: number; startedMs: number }[] {
  const sql = `SELECT remote_address AS address, a.started_ns / 1e6 AS sinceMs
    FROM connect_attempt AS a JOIN process USING (process_id) JOIN endpoint USING (endpoint_id)
    WHERE a.session_id = (SELECT max(session_id) FROM session) AND netns = ? ORDER BY a.started_ns`
  const beginMs = sessionStartMs(file)
  return queryTrace<{ address: string; sinceMs: number }>(file, sql, netns).map(({ address, sinceMs }) => ({
    number: address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0),
    startedMs: beginMs + sinceMs,
  }))
}

function sessionStartMs(file: string): number {
  const sql = 'SELECT max(session_id), started_unix_ns / 1e6 AS ms FROM session'
  return queryTrace<{ ms: number }>(file, sql)[0]?.ms ?? 0
}

/** Of each session, in their order. */
function countRows(file: string): number[] {
  const sql = `SELECT ifnull(rows, 0) AS rows FROM session LEFT JOIN (
      SELECT session_id, count(*) AS rows FROM connect_attempt GROUP BY session_id
    ) USING (session_id) ORDER BY session_id`
  return queryTrace<{ rows: number }>(file, sql).map(({ rows }) => rows)
}
