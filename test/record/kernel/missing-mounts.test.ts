import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withoutCgroup2 } from '../../support/cgroup.js'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf, readSession } from '../../support/trace.js'
import { connect } from '../../support/workload.js'

/** Runs a command in a mount namespace without tracefs. */
const UNMOUNTED = withoutTracefs('exec "$0" "$@"')
/** Also drops CAP_SYS_ADMIN, with all other capabilities of root. */
const WITHOUT_TRACEFS = withoutTracefs('exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$0" "$@"')

describeKernel('a host where tracefs is not mounted', () => {
  test('--local-errors records, and does not mount tracefs (SEC-06)', async () => {
    const recording = await startRecording({ args: ['--local-errors'], under: UNMOUNTED })
    expect(readFileSync(`/proc/${recording.pid}/mountinfo`, 'utf8')).not.toContain(' - tracefs ')
    await recording.stop()
    expect(readSession(recording.file)).toMatchObject({ has_local_errors: 1 })
  })
})

describeKernel('a host that hides tracefs', () => {
  test('--local-errors reports it, with a hint', async () => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    expectError(await runTool(['record', file, '--local-errors'], { under: WITHOUT_TRACEFS }), 'E_NO_TRACEFS')
    expect(existsSync(file)).toBe(false)
  })

  test('--dns records', async () => {
    const { file, result } = await recordWhile({ args: ['--dns'], under: WITHOUT_TRACEFS }, () =>
      connect('127.0.0.1', 1000),
    )
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'refused' })
  })
})

describeKernel('a host without cgroup v2', () => {
  test.each([['record'], ['live']])('%s --dns reports it, with a hint (SEC-61)', async (command) => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const output = command === 'record' ? [file] : ['-o', file]
    const result = await runTool([command, '--dns', ...output], { under: withoutCgroup2() })
    expectError(result, 'E_NO_CGROUP2')
    expect(result.stderr).toContain('--dns=libc')
    expect(existsSync(file)).toBe(false)
  })
})

function withoutTracefs(then: string): string[] {
  const script = `umount --lazy /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; ${then}`
  return ['unshare', '--mount', 'sh', '-c', script]
}
