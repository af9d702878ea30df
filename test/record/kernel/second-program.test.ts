import { expect, test } from 'vitest'
import { chooseApproach } from '../../../src/record/probe/approach.js'
import { QUIET_ATTEMPTS } from '../../../src/record/probe/skipped-runs.js'
import { attachedPrograms } from '../../support/attached-programs.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { countRecorded, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace, steerPackets } from '../../support/network-namespace.js'
import { startRecording } from '../../support/recorder.js'
import { recordAsGames } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { generateLoad } from '../../support/workload.js'

const REFUSED = ['--mode', 'refused', '--threads', '2', '--count']
/** With receive packet steering to all CPUs, softirqs cause skipped runs. */
const STEERED_ATTEMPTS = 20_000
const MAX_ROUNDS = 100
/** The kernel's limit for names of programs. */
const SECOND = 'follow_skipped'.slice(0, 15)

describeKernel(
  'the second program',
  () => {
    test('is detached and attached again after the recorder dropped the privileges of root', async (context) => {
      const namespace = makeNetworkNamespace()
      const recording = await startRecording(recordAsGames())
      expect(attachedPrograms(recording.pid).map(({ name }) => name)).toContain(SECOND)
      let { attempts } = await generateLoad([...REFUSED, `${QUIET_ATTEMPTS + 1000}`], { under: namespace.exec })
      const findSecond = () => attachedPrograms(recording.pid).find(({ name }) => name === SECOND)
      const isSkipped = () => attachedPrograms(recording.pid).some(({ recursion_misses: misses = 0 }) => misses > 0)
      await waitUntil('a recorder without the second program', () => !findSecond() || isSkipped())
      context.skip(findSecond() !== undefined, 'the kernel has skipped a run among the first attempts already')

      steerPackets(namespace)
      for (let round = 0; round < MAX_ROUNDS && findSecond() === undefined; round++) {
        attempts += (await generateLoad([...REFUSED, `${STEERED_ATTEMPTS}`], { under: namespace.exec })).attempts
      }
      expect(findSecond()).toBeDefined()
      const summary = await recording.stop()
      expect(summary).not.toMatch(/^note: .*attach/m)
      expect(sumLosses(sessionLosses(recording.file))).toBe(0)
      expect(countRecorded(recording.file, namespace.inode)).toBe(attempts)
    })
  },
  chooseApproach().isAdaptive ? null : 'on this kernel the second program is never detached',
)
