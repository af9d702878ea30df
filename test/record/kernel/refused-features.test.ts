import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf } from '../../support/trace.js'
import { asRootWith } from '../../support/users.js'
import { connect } from '../../support/workload.js'

const PLAIN = ['bpf', 'perfmon']
const DUMP = /libbpf:|PROG LOAD LOG|processed \d+ insns/

/** Where tracefs has to be mounted first, which takes CAP_SYS_ADMIN. */
function under(capabilities: readonly string[]): string[] {
  const script = 'umount --lazy /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; exec "$0" "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, ...asRootWith(capabilities)]
}

describeKernel('a feature that the kernel refuses', () => {
  test.each([
    ['--dns', 'DNS packets', 'CAP_NET_ADMIN', 'E_PROBE', PLAIN],
    ['--dns=libc', 'what programs ask libc for', 'CAP_SYS_ADMIN', 'E_NO_LIBC', [...PLAIN, 'net_admin']],
    ['--local-errors', 'connects that fail in the system call', 'CAP_SYS_ADMIN', 'E_NO_TRACEFS', PLAIN],
  ])('%s does not see %s without %s, and says so', async (option, feature, capability, code, capabilities) => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const result = await runTool(['record', file, option], { under: under(capabilities) })
    expectError(result, code)
    expect(result.stderr).toMatch(new RegExp(`^error: cannot see ${feature}`))
    expect(result.stderr).toMatch(new RegExp(`^(reason|hint): .*${capability}`, 'm'))
    expect(result.stderr).not.toMatch(DUMP)
    expect(existsSync(file)).toBe(false)
  })

  test('costs no more than itself: without it, attempts are recorded', async () => {
    const options = { under: under(PLAIN) }
    const { file, result } = await recordWhile(options, () => connect('127.0.0.1', 1000))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'refused' })
  })
})

const NO_PACKETS = /^-- {2}DNS +--dns does not work: cannot see DNS packets.*\n +.*CAP_NET_ADMIN/m
const NO_LIBCS = /^-- {2}getaddrinfo +--dns=libc does not work: cannot see what programs ask.*\n +.*CAP_SYS_ADMIN/m
const NO_CALLS = /^-- {2}connect\(2\) +--local-errors does not work: .*CAP_SYS_ADMIN/m

describeKernel('doctor', () => {
  test.each([
    [PLAIN, [NO_PACKETS, NO_LIBCS, NO_CALLS]],
    [
      [...PLAIN, 'net_admin'],
      [NO_LIBCS, NO_CALLS],
    ],
    [[...PLAIN, 'net_admin', 'sys_admin', 'sys_ptrace'], []],
  ])('with no other capabilities than %j names what does not work, and nothing else', async (capabilities, refused) => {
    const options = { under: under(capabilities) }
    const { status, stdout, stderr } = await runTool(['doctor'], options)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const line of refused) expect(stdout).toMatch(line)
    expect(stdout.match(/^--/gm) ?? []).toHaveLength(refused.length)
    expect(stdout).toMatch(/^ok {2}ring/m)
    expect(stdout).not.toMatch(DUMP)
  })
})
