import { expect, test } from 'vitest'
import { connectFlag } from '../../../src/record/event/wire.gen.js'
import { chooseApproach } from '../../../src/record/probe/approach.js'
import { QUIET_ATTEMPTS } from '../../../src/record/probe/skipped-runs.js'
import { attachedPrograms } from '../../support/attached-programs.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { countRecorded, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace, steerPackets } from '../../support/network-namespace.js'
import { startRecording } from '../../support/recorder.js'
import { queryTrace } from '../../support/trace.js'
import { recordAsGames } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { generateLoad } from '../../support/workload.js'

const REFUSED = ['--mode', 'refused', '--threads', '2', '--count']
/** With receive packet steering to all CPUs, softirqs cause skipped runs. */
const STEERED_ATTEMPTS = 20_000
const MAX_ROUNDS = 100
/** Of all attempts of the recording; the limit of test/kernels/judge/stress-checks.ts. */
const MAX_INEXACT = 1 / 10_000
const FIRST = 'follow_connect'
/** The kernel's limit for names of programs. */
const SECOND = 'follow_skipped'.slice(0, 15)
const INEXACT = `SELECT count(*) AS count FROM connect_attempt JOIN process USING (process_id)
  WHERE netns = ? AND flags & ${connectFlag.inexact}`

describeKernel(
  'the second program',
  () => {
    test('is detached and attached again after the recorder dropped the privileges of root', async (context) => {
      const namespace = makeNetworkNamespace()
      const recording = await startRecording(recordAsGames())
      expect(attachedPrograms(recording.pid).map(({ name }) => name)).toContain(SECOND)
      let attempts = 0
      const makeAttempts = async (count: number) => {
        attempts += (await generateLoad([...REFUSED, String(count)], { under: namespace.exec })).attempts
      }
      const find = (wanted: string) => attachedPrograms(recording.pid).find(({ name }) => name === wanted)
      const isSkipped = () => [FIRST, SECOND].some((name) => (find(name)?.recursion_misses ?? 0) > 0)
      await makeAttempts(QUIET_ATTEMPTS + 1000)
      await waitUntil('a recorder without the second program', () => !find(SECOND) || isSkipped())
      context.skip(find(SECOND) !== undefined, 'the kernel has skipped a run among the first attempts already')

      steerPackets(namespace)
      for (let round = 0; round < MAX_ROUNDS && !isSkipped(); round++) await makeAttempts(STEERED_ATTEMPTS)
      context.skip(!isSkipped(), 'the kernel skips no run, even with receive packet steering')
      await waitUntil('the second program, attached again', () => find(SECOND) !== undefined)
      await makeAttempts(STEERED_ATTEMPTS)
      const summary = await recording.stop()
      expect(summary).not.toMatch(/^note: .*attach/m)
      expect(sumLosses(sessionLosses(recording.file))).toBe(0)
      expect(countRecorded(recording.file, namespace.inode)).toBe(attempts)
      const [inexact] = queryTrace<{ count: number }>(recording.file, INEXACT, namespace.inode)
      expect(inexact?.count).toBeLessThanOrEqual(attempts * MAX_INEXACT)
    })
  },
  chooseApproach().isAdaptive ? null : 'on this kernel the second program is never detached',
)
