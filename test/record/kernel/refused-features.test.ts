import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf, readSession } from '../../support/trace.js'
import { asRootWith } from '../../support/users.js'
import { connect, workloadPath } from '../../support/workload.js'

const PLAIN = ['bpf', 'perfmon']
const DUMP = /libbpf:|PROG LOAD LOG|processed \d+ insns/

/** Mounts tracefs first, which requires CAP_SYS_ADMIN. */
function under(capabilities: readonly string[]): string[] {
  const script = 'umount --lazy /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; exec "$0" "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, ...asRootWith(capabilities)]
}

describeKernel('a feature that the kernel refuses', () => {
  test.each([
    ['--dns', 'DNS packets', 'CAP_NET_ADMIN', 'E_PROBE', PLAIN],
    ['--dns=libc', 'calls of getaddrinfo', 'CAP_SYS_ADMIN', 'E_NO_LIBC', [...PLAIN, 'net_admin']],
    ['--local-errors', 'local errors', 'CAP_SYS_ADMIN', 'E_NO_TRACEFS', PLAIN],
  ])(
    '%s cannot record %s without %s, and reports it (GAP-12, SEC-01)',
    async (option, feature, capability, code, capabilities) => {
      const file = join(makeTemporaryDirectory(), 'trace.db')
      const result = await runTool(['record', file, option], { under: under(capabilities) })
      expectError(result, code)
      expect(result.stderr).toMatch(new RegExp(`^error: cannot record ${feature}`))
      expect(result.stderr).toMatch(new RegExp(`^(reason|hint): .*${capability}`, 'm'))
      expect(result.stderr).not.toMatch(DUMP)
      expect(existsSync(file)).toBe(false)
    },
  )

  test('is never --nat, which requires nothing beyond recording (SEC-84)', async () => {
    const options = { under: under(PLAIN), args: ['--nat'] }
    const { file, result } = await recordWhile(options, () => connect('127.0.0.1', 1000))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'refused' })
    expect(readSession(file).has_nat).toBe(1)
  })

  test('does not prevent recording without it (SEC-01)', async () => {
    const options = { under: under(PLAIN) }
    const { file, result } = await recordWhile(options, () => connect('127.0.0.1', 1000))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'refused' })
  })
})

const NO_PACKETS = /^-- {2}DNS +--dns does not work: cannot record DNS packets.*\n +.*CAP_NET_ADMIN/m
const NO_LIBCS =
  /^-- {2}getaddrinfo +--dns=libc does not work: cannot record calls of getaddrinfo.*\n +.*CAP_SYS_ADMIN/m
const NO_ADDRESSES = /^-- {2}addresses +cannot list BPF programs on connect\(2\)/m
const NO_CALLS = /^-- {2}connect\(2\) +--local-errors does not work: .*CAP_SYS_ADMIN/m

describeKernel('doctor', () => {
  test.each([
    [PLAIN, [NO_PACKETS, NO_LIBCS, NO_CALLS, NO_ADDRESSES]],
    [
      [...PLAIN, 'net_admin'],
      [NO_LIBCS, NO_CALLS],
    ],
    [[...PLAIN, 'net_admin', 'sys_admin', 'sys_ptrace'], []],
  ])(
    'with only the capabilities %j reports exactly the features that do not work (GAP-12, GAP-14)',
    async (capabilities, refused) => {
      const options = { under: under(capabilities) }
      const { status, stdout, stderr } = await runTool(['doctor'], options)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      for (const line of refused) expect(stdout).toMatch(line)
      expect(stdout.match(/^--/gm) ?? []).toHaveLength(refused.length)
      expect(stdout).toMatch(/^ok {2}ring/m)
      expect(stdout).not.toMatch(DUMP)
    },
  )
})

describeKernel('a seccomp profile that refuses bpf(2)', () => {
  const options = () => ({ under: [workloadPath('deny-bpf')] })

  test('is named by record as the reason, instead of the limit of locked memory (GAP-11)', async () => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const result = await runTool(['record', file], options())
    expectError(result, 'E_PROBE')
    expect(result.stderr).toMatch(/^reason: a seccomp profile refuses the system call bpf\(2\)/m)
    expect(result.stderr).toMatch(/^hint: start the container with --security-opt seccomp=unconfined/m)
    expect(result.stderr).not.toMatch(/MEMLOCK|report this/)
  })

  test('is named by doctor as the reason', async () => {
    const { stdout } = await runTool(['doctor'], options())
    expect(stdout).toMatch(/^no {2}ring +.*a seccomp profile refuses the system call bpf\(2\)/m)
    expect(stdout).toMatch(/^ +start the container with --security-opt seccomp=unconfined/m)
    expect(stdout).not.toMatch(/MEMLOCK|report this/)
  })
})

describeKernel('root without capabilities', () => {
  test('gets no hint to run as root', async () => {
    const result = await runTool(['record'], { under: asRootWith(['net_admin']) })
    expectError(result, 'E_NOT_PRIVILEGED')
    expect(result.stderr).toMatch(/^hint: root lacks CAP_BPF, CAP_PERFMON here.*--cap-add BPF --cap-add PERFMON/m)
    expect(result.stderr).not.toMatch(/with sudo/)
  })
})
