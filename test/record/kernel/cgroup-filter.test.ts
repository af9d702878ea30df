import { execFileSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { cgroupRoot, makeCgroup, type Cgroup } from '../../support/cgroup.js'
import { expectError } from '../../support/error-lines.js'
import { expectFilter, type Attempt } from '../../support/filter-case.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf } from '../../support/trace.js'
import { connect } from '../../support/workload.js'

describeKernel('cgroups', () => {
  test('--cgroup: it and all below it, not what is beside or above it', async () => {
    const { above, wanted, below, beside } = makeTree()
    await expectFilter(['--cgroup', wanted.directory], {
      matching: [connectIn(wanted), connectIn(below)],
      others: [connectIn(above), connectIn(beside), connectIn()],
    })
  })

  test.each([
    ['as /proc/PID/cgroup has it', ({ path }: Cgroup) => path],
    ['without the first slash', ({ path }: Cgroup) => path.slice(1)],
    ['with a slash at the end', ({ directory }: Cgroup) => `${directory}/`],
    ['relative to the working directory', ({ directory }: Cgroup) => relative(process.cwd(), directory)],
  ])('--cgroup: a path %s', async (_, write) => {
    const { wanted, beside } = makeTree()
    await expectFilter(['--cgroup', write(wanted)], { matching: [connectIn(wanted)], others: [connectIn(beside)] })
  })

  test('--cgroup: repeated, either will do', async () => {
    const { above, wanted, beside } = makeTree()
    const args = ['--cgroup', wanted.directory, '--cgroup', beside.path]
    await expectFilter(args, { matching: [connectIn(wanted), connectIn(beside)], others: [connectIn(above)] })
  })

  test('--cgroup: the root is everything', async () => {
    const { wanted } = makeTree()
    await expectFilter(['--cgroup', cgroupRoot()], { matching: [connectIn(wanted), connectIn()], others: [] })
  })

  test('--cgroup: one that is made below it while recording', async () => {
    const { wanted, beside } = makeTree()
    const late = () => connectIn(makeCgroup(wanted))()
    await expectFilter(['--cgroup', wanted.directory], { matching: [late], others: [connectIn(beside)] })
  })

  test('--cgroup: more than 64 are refused, none is left out silently', async () => {
    const { wanted } = makeTree()
    const args = Array.from({ length: 65 }, () => ['--cgroup', makeCgroup(wanted).path]).flat()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const { status, stderr } = await runTool(['record', file, '--duration', '1ms', ...args])
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--cgroup') })
  })

  test('--cgroup: a FIFO is refused without waiting', async () => {
    const directory = makeTemporaryDirectory()
    execFileSync('mkfifo', [join(directory, 'fifo')])
    const args = ['record', join(directory, 'trace.db'), '--cgroup', join(directory, 'fifo')]
    expectError(await runTool(args), 'E_USAGE', 2)
  })

  test('the path of the cgroup is in the trace', async () => {
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
