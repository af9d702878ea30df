import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { chooseApproach } from '../../../src/record/probe/approach.js'
import { QUIET_ATTEMPTS } from '../../../src/record/probe/skipped-runs.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { countRecorded, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace } from '../../support/network-namespace.js'
import { run } from '../../support/process.js'
import { startRecording } from '../../support/recorder.js'
import { recordAsGames } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { generateLoad } from '../../support/workload.js'

interface Program {
  readonly name: string
  readonly recursion_misses?: number
}

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

      const steer = 'echo 3 > /sys/class/net/lo/queues/rx-0/rps_cpus'
      expect(await run([...namespace.exec, 'sh', '-c', steer])).toMatchObject({ status: 0 })
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

/** Programs that links of this process attach to tracepoints. */
function attachedPrograms(pid: number): Program[] {
  const ids = readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => /bpf[-_]link/.test(linkTarget(`/proc/${pid}/fd/${fd}`)))
    .map((fd) => /^prog_id:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1])
  return ids.filter((id) => id !== undefined).map(readProgram)
}

/** A descriptor may be closed meanwhile. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function readProgram(id: string): Program {
  return JSON.parse(execFileSync('bpftool', ['--json', 'prog', 'show', 'id', id], { encoding: 'utf8' })) as Program
}
