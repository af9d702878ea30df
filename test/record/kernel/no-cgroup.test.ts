import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCgroup, withoutCgroup2, withUnmountedCgroup2 } from '../../support/cgroup.js'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf } from '../../support/trace.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { connect } from '../../support/workload.js'

describeKernel('a host where cgroup v2 is not mounted', () => {
  test('paths of cgroups are recorded', async () => {
    const cgroup = makeCgroup()
    const { file, summary, result } = await recordWhile({ under: withUnmountedCgroup2() }, () =>
      connect('127.0.0.1', 1000, [], { under: cgroup.exec }),
    )
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'refused', cgroup: cgroup.path })
    expect(summary).not.toContain('note:')
  })
})

describeKernel('a host without cgroup v2', () => {
  test('everything except the names of cgroups is recorded (GAP-23)', async () => {
    const { file, summary, result } = await recordWhile({ under: withoutCgroup2() }, () => connect('127.0.0.1', 1000))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'refused', comm: 'connect', cgroup: null })
    expect(summary).toMatch(/^completeness: .* = the kernel's /m)
    expect(summary).toMatch(/^note: cgroup v2 is not mounted: cgroups created before the recording have no path$/m)
    expectWholeTrace(file)
  })

  test('--cgroup is a usage error', async () => {
    expectError(await record(['--cgroup', '/']), 'E_USAGE', 2)
  })
})

function record(args: readonly string[]) {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  return runTool(['record', file, '--duration', '10ms', ...args], { under: withoutCgroup2() })
}
