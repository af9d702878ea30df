import { expect, test, type TestContext } from 'vitest'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { findClosedPort } from '../../support/listener.js'
import { recordWhile } from '../../support/recorder.js'
import { onlyConnectOf } from '../../support/trace.js'
import { startWorkload } from '../../support/workload.js'

/** Exit status of test/workload/io-uring if the kernel refuses io_uring. */
const UNSUPPORTED = 77
const ECONNREFUSED = 111

async function connectByRing(thread: string, context: TestContext) {
  const port = await findClosedPort()
  const { pid, status, stdout, stderr } = await startWorkload('io-uring', ['127.0.0.1', String(port), thread]).finished
  skipUnless(status !== UNSUPPORTED, `io_uring is disabled here: ${stderr.trim()}`, context)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const { tid, error } = JSON.parse(stdout) as { tid: number; error: number }
  expect(error).toBe(ECONNREFUSED)
  return { pid, tid, port }
}

describeKernel('connects through io_uring', () => {
  test.for(['worker', 'poller'])('by a %s of the ring have the name of the process', async (thread, context) => {
    const { file, result } = await recordWhile({ args: ['--comm', 'ring-process'] }, () =>
      connectByRing(thread, context),
    )
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({
      comm: 'ring-process',
      exe: 'io-uring',
      outcome: 'refused',
      errno: ECONNREFUSED,
      remote_port: result.port,
    })
    // Neither the main thread nor the submitting thread: a thread that the kernel created.
    expect([result.pid, result.tid]).not.toContain(row.tid)
  })
})
