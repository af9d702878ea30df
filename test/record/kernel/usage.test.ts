import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'

const DURATION = /a duration like 10m, .*5ms/
const PORTS = /ports from 1 to 65535/
const PIDS = /process ids like 1234/
const USERS = /user ids or names that this host knows/
const NETWORKS = /addresses or networks like 10\.0\.0\.0\/8/
const OUTCOMES = /failed, established, refused, timed_out, unreachable, reset, cancelled, local_error, pending/
const NAME = /1 to 15 bytes/
const CGROUP = /a cgroup v2 directory/

describe('an invalid value', () => {
  test.each([
    ['--duration', '', DURATION],
    ['--duration', '0', DURATION],
    ['--duration', '5 minutes', DURATION],
    ['--duration', '-1s', DURATION],
    ['--duration', '200d', DURATION],
    ['--min-latency', '5 apples', DURATION],
    ['--pid', '0', PIDS],
    ['--pid', 'x', PIDS],
    ['--pid', '1,,2', PIDS],
    ['--pid', '1.5', PIDS],
    ['--pid', '4294967297', PIDS],
    ['--uid', 'nobody-of-this-name', USERS],
    ['--uid', '-1', USERS],
    ['--uid', '4294967295', USERS],
    ['--port', '0', PORTS],
    ['--port', '65536', PORTS],
    ['--port', '80-90', PORTS],
    ['--port', '', PORTS],
    ['--dst', '10.0.0', NETWORKS],
    ['--dst', '10.0.0.0/33', NETWORKS],
    ['--dst', '::1/129', NETWORKS],
    ['--dst', '10.0.0.1/8/8', NETWORKS],
    ['--dst', '010.0.0.1', NETWORKS],
    ['--dst', 'localhost', NETWORKS],
    ['--dst', 'fe80::1%lo', NETWORKS],
    ['--outcome', 'failure', OUTCOMES],
    ['--outcome', 'refused,', OUTCOMES],
    ['--comm', '', NAME],
    ['--comm', 'sixteen-bytes-xx', NAME],
    ['--comm', 'ääääääää', NAME],
    ['--cgroup', '', CGROUP],
    ['--cgroup', '/tmp', CGROUP],
    ['--cgroup', '/no/such/cgroup', CGROUP],
  ])('%s %j: the error lists the accepted values', async (option, value, accepted) => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const { status, stdout, stderr } = await runTool(['record', file, `${option}=${value}`])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    const [error, reason, hint] = stderr.split('\n')
    expect(error).toContain(`error: ${option}: `)
    // The invalid element of a list.
    expect(value).toContain(JSON.parse(/: (".*") is not accepted/.exec(error ?? '')?.[1] ?? 'null'))
    expect(reason).toMatch(new RegExp(`^reason: ${option} takes .*${accepted.source}`))
    expect(hint).toMatch(/^hint: /)
    expect(existsSync(file)).toBe(false)
  })

  test('a cgroup of version 1 is refused', async () => {
    const { status, stderr } = await runTool(['record', '--cgroup', '/proc/self/ns'])
    expect(status).toBe(2)
    expect(stderr).toContain('--cgroup: "/proc/self/ns"')
  })
})

describe('an option with a single value', () => {
  test.each([
    ['--duration', '1s'],
    ['--min-latency', '5ms'],
    ['--cgroupmap', '/sys/fs/bpf/one'],
    ['--mntnsmap', '/sys/fs/bpf/one'],
  ])('%s cannot be repeated', async (option, value) => {
    const result = await runTool(['record', option, 'nonsense', option, value], { cwd: makeTemporaryDirectory() })
    expectError(result, 'E_USAGE', 2)
    expect(result.stderr).toContain(`reason: ${option} takes one value; "nonsense" was given before`)
  })
})

describe('an invalid command line', () => {
  test.each([
    [['record', '--no-such-option'], /unknown option '--no-such-option'/],
    [['record', '--port'], /--port/],
    [['record', 'one.db', 'two.db'], /one trace file/],
    [['record', '--'], /record -- requires a command/],
    [['recrod'], /did you mean record/],
  ])('%j is refused', async (args, text) => {
    const { status, stdout, stderr } = await runTool(args, { cwd: makeTemporaryDirectory() })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(text)
  })
})
