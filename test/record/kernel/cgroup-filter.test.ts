import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { cgroupRoot, makeCgroup, type Cgroup } from '../../support/cgroup.js'
import { expectError } from '../../support/error-lines.js'
import { expectFilter, type Attempt } from '../../support/filter-case.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { start, type Finished } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf } from '../../support/trace.js'
import { connect } from '../../support/workload.js'
import { expectNever } from '../../support/wait-until.js'

describeKernel('filter by cgroup', () => {
  test('--cgroup: records the cgroup and all below it, not its parent or siblings', async () => {
    const { above, wanted, below, beside } = makeTree()
    await expectFilter(['--cgroup', wanted.directory], {
      matching: [connectIn(wanted), connectIn(below)],
      others: [connectIn(above), connectIn(beside), connectIn()],
    })
  })

  test.each([
    ['as in /proc/PID/cgroup', ({ path }: Cgroup) => path],
    ['without the leading slash', ({ path }: Cgroup) => path.slice(1)],
    ['with a trailing slash', ({ directory }: Cgroup) => `${directory}/`],
    ['relative to the working directory', ({ directory }: Cgroup) => relative(process.cwd(), directory)],
  ])('--cgroup: accepts a path %s', async (_, write) => {
    const { wanted, beside } = makeTree()
    await expectFilter(['--cgroup', write(wanted)], { matching: [connectIn(wanted)], others: [connectIn(beside)] })
  })

  test('--cgroup: if repeated, an attempt must match one of the cgroups', async () => {
    const { above, wanted, beside } = makeTree()
    const args = ['--cgroup', wanted.directory, '--cgroup', beside.path]
    await expectFilter(args, { matching: [connectIn(wanted), connectIn(beside)], others: [connectIn(above)] })
  })

  test('--cgroup: the root matches everything', async () => {
    const { wanted } = makeTree()
    await expectFilter(['--cgroup', cgroupRoot()], { matching: [connectIn(wanted), connectIn()], others: [] })
  })

  test('--cgroup: a cgroup created below it during the recording matches', async () => {
    const { wanted, beside } = makeTree()
    const late = () => connectIn(makeCgroup(wanted))()
    await expectFilter(['--cgroup', wanted.directory], { matching: [late], others: [connectIn(beside)] })
  })

  test('--cgroup: more than 64 are refused; none is ignored silently', async () => {
    const { wanted } = makeTree()
    const args = Array.from({ length: 65 }, () => ['--cgroup', makeCgroup(wanted).path]).flat()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const { status, stderr } = await runTool(['record', file, '--duration', '1ms', ...args])
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--cgroup') })
  })

  test('--cgroup: a FIFO is refused without blocking (SEC-59)', async () => {
    const directory = makeTemporaryDirectory()
    execFileSync('mkfifo', [join(directory, 'fifo')])
    const args = ['record', join(directory, 'trace.db'), '--cgroup', join(directory, 'fifo')]
    expectError(await runTool(args), 'E_USAGE', 2)
  })

  test('--cgroup: a FIFO that replaces the checked path is not opened (SEC-59)', async () => {
    const fifo = join(makeTemporaryDirectory(), 'fifo')
    execFileSync('mkfifo', [fifo])
    const writer = start(['sh', '-c', ': > "$0"', fifo])
    expectError(await recordSwapped(fifo), 'E_USAGE', 2)
    let isOpen = false
    void writer.finished.then(() => (isOpen = true))
    await expectNever('a reader of the FIFO', () => isOpen, 300)
  })

  test('--cgroup: a directory outside cgroup v2 that replaces the checked path is refused (SEC-59)', async () => {
    const directory = join(makeTemporaryDirectory(), 'directory')
    mkdirSync(directory)
    expectError(await recordSwapped(directory), 'E_USAGE', 2)
  })

  test('the trace has the path of the cgroup', async () => {
    const { below } = makeTree()
    const { file, result } = await recordWhile({}, connectIn(below))
    expect(onlyConnectOf(file, result.pid).cgroup).toBe(below.path)
  })
})

function makeTree(): Record<'above' | 'wanted' | 'below' | 'beside', Cgroup> {
  const above = makeCgroup()
  const wanted = makeCgroup(above)
  return { above, wanted, below: makeCgroup(wanted), beside: makeCgroup(above) }
}

function connectIn(cgroup?: Cgroup): Attempt {
  return () => connect('127.0.0.1', 1000, [], { under: cgroup?.exec ?? [] })
}

/**
 * Runs `record --cgroup LINK`. The link leads to a cgroup when it is checked. It is changed when getent is called for
 * the user of sudo, which is before the probe is loaded.
 */
function recordSwapped(elsewhere: string): Promise<Finished> {
  const directory = makeTemporaryDirectory()
  const link = join(directory, 'cgroup')
  symlinkSync(makeCgroup().directory, link)
  const getent = `#!/bin/sh\nln -sfn '${elsewhere}' '${link}' && echo swapper:x:4242:4242::/:/bin/sh\n`
  writeFileSync(join(directory, 'getent'), getent, { mode: 0o755 })
  const env = { SUDO_UID: '4242', SUDO_GID: '4242', PATH: `${directory}:${process.env.PATH}` }
  return runTool(['record', join(directory, 'trace.db'), '--duration', '1ms', '--cgroup', link], { env })
}
