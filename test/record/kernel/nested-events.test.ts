import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cgroupRoot, makeCgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { countRecorded, sessionLosses, sumLosses } from '../../support/losses.js'
import {
  SILENT_ADDRESS,
  addSilentLink,
  makeNetworkNamespace,
  readTcpCounter,
  setSysctl,
} from '../../support/network-namespace.js'
import { firstOutput } from '../../support/process.js'
import { startRecording } from '../../support/recorder.js'
import { queryTrace } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { startWorkload } from '../../support/workload.js'

const PROCESSES = 5
const CONNECTS_PER_PROCESS = 14_000
const CONNECTS = PROCESSES * CONNECTS_PER_PROCESS

describeKernel('events within events', () => {
  /*
   * A change of state in softirq may interrupt the probe in the middle of another one, in a task on the same CPU. The
   * kernel does not run a tracing program within itself (prog->active, kernel/trace/bpf_trace.c): such changes, a whole
   * batch of timers or packets at a time, must not be missed. All of it happens on one CPU, where no other task is that a
   * timer could interrupt: some hosts let no program run on behalf of certain tasks. Hence the retries, too.
   */
  test('time-outs in softirq while a task connects as fast as it can', { retry: 2 }, async () => {
    const [waiting, busy] = [makeImpatientNamespace(), makeNetworkNamespace()]
    const recording = await startRecording({ args: slowFilters() })
    const onCpu = ['taskset', '--cpu-list', firstCpu()]
    const load = startWorkload('loadgen', ['--mode', 'refused', '--seconds', '40'], { under: [...busy.exec, ...onCpu] })
    const processes = Array.from({ length: PROCESSES }, (_, i) => {
      const args = [String(CONNECTS_PER_PROCESS), SILENT_ADDRESS, String(9000 + i)]
      return startWorkload('many-pending', args, { under: [...waiting.exec, ...onCpu] })
    })
    await Promise.all(processes.map(firstOutput))
    const haveEnded = () => readTcpCounter(waiting, 'AttemptFails') === CONNECTS
    await waitUntil(`${CONNECTS} time-outs`, haveEnded, { everyMs: 200, timeoutMs: 30_000 })
    load.child.kill()
    await load.finished
    await recording.stop()
    const outcomes = 'SELECT outcome, count(*) AS attempts FROM connects WHERE netns = ? GROUP BY 1'
    expect(queryTrace(recording.file, outcomes, waiting.inode)).toEqual([{ outcome: 'timed_out', attempts: CONNECTS }])
    const made = readTcpCounter(busy, 'ActiveOpens')
    const counted = countRecorded(recording.file, busy.inode) + sumLosses(sessionLosses(recording.file))
    expect(counted).toBeGreaterThanOrEqual(made)
  })
})

/** Every SYN is dropped, and sent again once. */
function makeImpatientNamespace() {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  setSysctl(namespace, 'net/ipv4/ip_local_port_range', '1024 65535')
  setSysctl(namespace, 'net/ipv4/tcp_syn_retries', '1')
  return namespace
}

/** They let everything pass, and keep the probe busy: the longer it runs, the more often it is interrupted. */
function slowFilters(): string[] {
  const paths = Array.from({ length: 60 }, () => makeCgroup().path)
  return [...paths, cgroupRoot()].flatMap((path) => ['--cgroup', path])
}

/** The first one that this process may use. */
function firstCpu(): string {
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
}
