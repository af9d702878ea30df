import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { denyConnects } from '../../support/deny-connects.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort } from '../../support/listener.js'
import { recordWhile } from '../../support/recorder.js'
import { connectsOf, onlyConnectOf } from '../../support/trace.js'
import { connect } from '../../support/workload.js'

const { EPERM } = constants.errno

describeKernel('connects that a cgroup program denies', () => {
  test('are local errors of their cgroup, with --local-errors', async () => {
    const cgroup = makeCgroup()
    denyConnects(cgroup)
    const port = await findClosedPort()
    const args = ['--local-errors', '--cgroup', cgroup.directory]
    const { file, result } = await recordWhile({ args }, async () => ({
      denied: await connect('127.0.0.1', port, ['--nonblock', '--close-after', '0'], { under: cgroup.exec }),
      allowed: await connect('::1', port, [], { under: cgroup.exec }),
      elsewhere: await connect('127.0.0.1', port),
    }))
    expect(result.denied.errnos).toEqual({ [EPERM]: 1 })
    expect(onlyConnectOf(file, result.denied.pid)).toMatchObject({
      outcome: 'local_error',
      errno: EPERM,
      remote_address: '127.0.0.1',
      remote_port: port,
      cgroup: cgroup.path,
    })
    expect(onlyConnectOf(file, result.allowed.pid).outcome).toBe('refused')
    expect(connectsOf(file, result.elsewhere.pid)).toEqual([])
  })
})
