import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom, randomInteger } from '../../store/random.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeNetworkNamespace, readTcpCounterOf, type NetworkNamespace } from '../../support/network-namespace.js'
import type { Running } from '../../support/process.js'
import { startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { queryTrace, readSession } from '../../support/trace.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { startWorkload } from '../../support/workload.js'

const KILLS = 50
/** Some ticks after the beginning of the recording. */
const [MIN_LIFE_MS, MAX_LIFE_MS] = [250, 700]
/** Attempts per second: fewer than a million in 600 s, so that no address is used twice. */
const RATE = 1600
/** The load keeps its rate, and the recorder gets the CPU when it needs it. */
const FIRST = ['nice', '-n', '-20']
/** The first address of loadgen is 127.1.0.0; each attempt uses the next one. */
const FIRST_ADDRESS = 0x7f010000
const LOAD = ['--mode', 'refused', '--rate', `${RATE}`, '--seconds', '600', '--endpoints', '1000000']
const STARTS = 8
/** From before the file exists until the first attempts, for recorders that start at the same time. */
const [MIN_START_MS, MAX_START_MS] = [50, 1200]

describeKernel('kill -9 at any moment', () => {
  test(`${KILLS} recorders are killed under load, all with the same file`, async () => {
    // In memory, because this test is not about slow disks.
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=512m', 'none'])
    const file = join(directory, 'trace.db')
    const namespace = makeNetworkNamespace()
    const load = startWorkload('loadgen', LOAD, { under: [...namespace.exec, ...FIRST] })
    const seed = randomInt(1e6)
    const random = createRandom(seed)
    const rows: number[] = []
    while (rows.length < KILLS) {
      const lifeMs = randomInteger(random, MIN_LIFE_MS, MAX_LIFE_MS)
      await killAfter(lifeMs, file, { load, namespace })
      expectWholeTrace(file)
      const found = countRows(file)
      expect(found.slice(0, -1), `seed ${seed}`).toEqual(rows)
      rows.push(found.at(-1) as number)
    }
    load.child.kill()
    expect(rows.filter((count) => count > 0).length).toBeGreaterThan(0)
    expect(await runTool(['record', file, '-d', '300ms'])).toMatchObject({ status: 0 })
    expectWholeTrace(file)
    expect(countRows(file).slice(0, -1)).toEqual(rows)
  })

  test('during its start: the next recording finds a complete file, or none', async () => {
    const directory = makeTemporaryDirectory()
    const random = createRandom(randomInt(1e6))
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

interface Scene {
  readonly load: Running
  readonly namespace: NetworkNamespace
}

/** Kills a recording `lifeMs` after it began. Checks that no attempt of the load before the last batch is missing. */
async function killAfter(lifeMs: number, file: string, { load, namespace }: Scene): Promise<void> {
  const recording = await startRecording({ file, under: FIRST })
  const begin = readTcpCounterOf(load.pid, 'ActiveOpens')
  await delay(lifeMs)
  await waitUntil('the load', () => readTcpCounterOf(load.pid, 'ActiveOpens') > begin)
  process.kill(recording.pid, 'SIGKILL')
  await recording.finished
  expect(readSession(file)).toMatchObject({ recorder_pid: recording.pid, duration_ns: null, end_reason: null })
  const numbers = readNumbers(file, namespace.inode)
  expect(numbers.filter((number, i) => number !== (numbers[0] as number) + i)).toEqual([])
  // It recorded before `begin` was read. On a busy machine it may be killed before its first batch.
  if (numbers.length > 0) expect(numbers[0]).toBeLessThanOrEqual(begin)
}

/** Numbers of the attempts of the load that the newest session has; the first attempt is 0. */
function readNumbers(file: string, netns: number): number[] {
  const sql = `SELECT remote_address AS address
    FROM connect_attempt AS a JOIN process USING (process_id) JOIN endpoint USING (endpoint_id)
    WHERE a.session_id = (SELECT max(session_id) FROM session) AND netns = ? ORDER BY started_ns`
  return queryTrace<{ address: string }>(file, sql, netns).map(
    ({ address }) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) - FIRST_ADDRESS,
  )
}

/** Of each session, in order. */
function countRows(file: string): number[] {
  const sql = `SELECT ifnull(rows, 0) AS rows FROM session LEFT JOIN (
      SELECT session_id, count(*) AS rows FROM connect_attempt GROUP BY session_id
    ) USING (session_id) ORDER BY session_id`
  return queryTrace<{ rows: number }>(file, sql).map(({ rows }) => rows)
}
