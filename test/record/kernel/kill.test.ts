import { setTimeout as delay } from 'node:timers/promises'
import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createRandom, randomInteger } from '../../store/random.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeNetworkNamespace } from '../../support/network-namespace.js'
import { watchRunDelay } from '../../support/run-delay.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { queryTrace } from '../../support/trace.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { startWorkload } from '../../support/workload.js'

const KILLS = 50
/** From before the file is there to some ticks after the first attempts. */
const [MIN_LIFE_MS, MAX_LIFE_MS] = [50, 1000]
/** What a kill may cost on a host that lets the recorder run. */
const MAX_MISSING_MS = 200
/** Of all attempts, as often as a host may hold both up for reasons of its own. */
const MAX_EXCEPTIONS = 2

interface Kill {
  readonly seed: number
  readonly lifeMs: number
  readonly missingMs: number
  readonly heldUpMs: number
}

describeKernel('kill -9 at any moment', () => {
  test(`${KILLS} of them under load, all into one file`, { timeout: 180_000 }, async () => {
    // Of memory: what a busy disk holds up is not what is asked here.
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=512m', 'none'])
    const file = join(directory, 'trace.db')
    const load = startLoad()
    const seed = Date.now() % 1e6
    const random = createRandom(seed)
    const kills: Kill[] = []
    let sessions = 0
    for (let i = 0; i < KILLS; i++) {
      kills.push({ seed, ...(await killAfter(file, randomInteger(random, MIN_LIFE_MS, MAX_LIFE_MS), load.pid)) })
      const found = existsSync(file) ? countSessions(file) : 0
      expect(found - sessions, JSON.stringify(kills.at(-1))).toBeOneOf([0, 1])
      sessions = found
    }
    const tooMuch = kills.filter(({ missingMs, heldUpMs }) => missingMs > MAX_MISSING_MS + heldUpMs)
    expect(tooMuch.length, JSON.stringify(tooMuch)).toBeLessThanOrEqual(MAX_EXCEPTIONS)
    // Those that came to a session, as most do: without it nothing was asked.
    expect(sessions).toBeGreaterThan(KILLS / 4)
    load.child.kill()
    expect(await runTool(['record', file, '-d', '300ms'])).toMatchObject({ status: 0 })
    expectWholeTrace(file)
    expect(countSessions(file)).toBe(sessions + 1)
  })
})

/** Attempts at an even rate, from a process that has to do nothing else. */
function startLoad() {
  const args = ['--mode', 'refused', '--rate', '2000', '--seconds', '170']
  return startWorkload('loadgen', args, { under: makeNetworkNamespace().exec })
}

/** Records into `file` until it is killed, and looks at what is there then. */
async function killAfter(file: string, lifeMs: number, loadPid: number): Promise<Omit<Kill, 'seed'>> {
  const recorder = startTool(['record', file, '--duration', '1m'])
  const runDelay = watchRunDelay([recorder.pid, loadPid])
  await delay(lifeMs)
  const heldUpMs = runDelay.lastMs(MAX_MISSING_MS * 2)
  process.kill(recorder.pid, 'SIGKILL')
  const killedMs = Date.now()
  await recorder.finished
  if (!existsSync(file) || countSessions(file) === 0) return { lifeMs, missingMs: 0, heldUpMs }
  expectWholeTrace(file)
  return { lifeMs, heldUpMs, missingMs: missingAt(file, recorder.pid, killedMs) }
}

/** From the last attempt that was kept, or from the session's beginning, to the kill; 0 when it came to no session. */
function missingAt(file: string, recorderPid: number, killedMs: number): number {
  const [session] = queryTrace<{ session_id: number; startedMs: number }>(
    file,
    'SELECT session_id, started_unix_ns / 1000000 AS startedMs FROM session WHERE recorder_pid = ?',
    recorderPid,
  )
  if (!session) return 0
  const [last] = queryTrace<{ ms: number | null }>(
    file,
    'SELECT max(started_ns) / 1000000 AS ms FROM connects WHERE session_id = ?',
    session.session_id,
  )
  return killedMs - Math.max(last?.ms ?? 0, session.startedMs)
}

function countSessions(file: string): number {
  return queryTrace(file, `SELECT 1 FROM sqlite_schema WHERE name = 'session'`).length === 0
    ? 0
    : queryTrace(file, 'SELECT 1 FROM session').length
}
