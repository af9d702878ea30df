import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { cgroupRoot, makeCgroup } from '../../support/cgroup.js'
import { denyConnects } from '../../support/deny-connects.js'
import { expectLimit, readLimits } from '../../support/expect-limit.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { recordWhile } from '../../support/recorder.js'
import { startRotating } from '../../support/rotating-recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

const ID = 'a1b2'.repeat(16)
const OF_V1 = /containers under cgroup v1 cannot be distinguished: .*/
/** More than the 4096 that are searched */
const MANY_CGROUPS = 4200
/** More than the 65,536 whose paths are read. */
const MOST_CGROUPS = 65_600
/** So many cgroups take 600 MB of kernel memory. */
const ENOUGH_MEMORY_KB = 2 * 1024 ** 2
/** Along with those of others, if the host has any. */
const REDIRECTED =
  /BPF programs may redirect connect\(2\) \((?:.*, )?deny\b.*\): remote addresses may be those of backends, .*/

/** Creates a cgroup of the pids controller of cgroup v1, until the test ends. */
function makeV1Cgroup(context: TestContext): string {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  const root = lines.find((line) => / - cgroup .*\bpids\b/.test(line))?.split(' ')[4]
  skipUnless(root !== undefined, 'this host has no pids controller of cgroup v1', context)
  return makeDirectory(join(root as string, `tcpconn-test-${process.pid}`))
}

/** Creates a directory, until the test ends. */
function makeDirectory(path: string): string {
  mkdirSync(path)
  onTestFinished(() => rmdirSync(path))
  return path
}

/**
 * Creates a container as Docker does under a cgroup v1 controller, until the test ends.
 * @returns the process in it
 */
function makeV1Container(context: TestContext): string[] {
  const container = makeDirectory(join(makeDirectory(join(makeV1Cgroup(context), 'docker')), ID))
  return ['sh', '-c', 'echo $$ > "$0"/cgroup.procs && exec "$@"', container]
}

/** Creates this many cgroups, until the test ends. */
function makeMany(count: number, parent: string): void {
  for (let i = 0; i < count; i++) makeDirectory(join(parent, String(i)))
}

function availableMemoryKb(): number {
  return Number(/^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1])
}

/** Whether another program of the host redirects connects, according to bpftool. */
function isRedirected(): boolean {
  return /connect[46]/.test(execFileSync('bpftool', ['cgroup', 'tree', cgroupRoot()], { encoding: 'utf8' }))
}

describeKernel('limits of the host', () => {
  test('are none on this host: no note is printed, and info shows none', async (context) => {
    skipUnless(!isRedirected(), 'a BPF program of this host is called in connect(2)', context)
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const { stderr } = await runTool(['record', file, '--duration', '10ms', '--quiet'])
    expect(stderr).not.toContain('note:')
    expect(readLimits(file)).toEqual([])
    expect((await runTool(['info', file])).stdout).not.toContain('not seen')
    const { stdout } = await runTool(['doctor'])
    expect(stdout).toContain('ok  containers  all containers are in cgroup v2\n')
    expect(stdout).toContain('ok  addresses   no BPF program redirects connect(2)\n')
  })

  test('include containers of cgroup v1, whose attempts have no container (GAP-24)', async (context) => {
    const under = makeV1Container(context)
    await expectLimit(OF_V1)
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', 1000, [], { under }))
    expect(onlyConnectOf(file, result.pid).container).not.toBe(ID.slice(0, 12))
  })

  test('are not checked again when a container of cgroup v1 starts later (GAP-25)', async (context) => {
    const { file, summary } = await recordWhile({}, async () => {
      await connect('127.0.0.1', 1000, [], { under: makeV1Container(context) })
    })
    expect(summary).not.toMatch(OF_V1)
    expect(readLimits(file)).not.toContainEqual(expect.stringMatching(OF_V1))
  })

  test('include BPF programs of cgroups on connect(2), which may replace the address (GAP-29, SEC-05)', async () => {
    denyConnects(makeCgroup(makeCgroup()))
    await expectLimit(REDIRECTED)
  })

  test('include BPF programs of a cgroup whose name is not UTF-8', async () => {
    const cgroup = Buffer.from(`${makeCgroup().directory}/caf\xe9`, 'latin1')
    mkdirSync(cgroup)
    onTestFinished(() => rmdirSync(cgroup))
    const fd = openSync(cgroup, 'r')
    onTestFinished(() => closeSync(fd))
    denyConnects({ directory: `/proc/${process.pid}/fd/${fd}` })
    await expectLimit(REDIRECTED)
  })

  test('include more cgroups than are searched for BPF programs on connect(2) (GAP-22)', async (context) => {
    skipUnless(!isRedirected(), 'a BPF program of this host is called in connect(2)', context)
    makeMany(MANY_CGROUPS, makeCgroup().directory)
    await expectLimit(
      /no BPF program redirects connect\(2\) in the first 4096 cgroups; the others are not checked: remote addresses of their attempts may be those of backends/,
    )
  })

  test('include more cgroups than are searched for containers of cgroup v1 (GAP-18)', async (context) => {
    makeMany(MANY_CGROUPS, makeV1Cgroup(context))
    await expectLimit(
      /no container under cgroup v1 among the first 4096 cgroups and processes; the others are not checked: attempts of their containers may have the cgroup of the program that started the container/,
    )
  })

  test('known at the end include more cgroups than have a path (GAP-76)', async (context) => {
    skipUnless(availableMemoryKb() >= ENOUGH_MEMORY_KB, 'less than 2 GB of memory are available', context)
    makeMany(MOST_CGROUPS, makeCgroup().directory)
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const limit = 'the host has more than 65,536 cgroups: paths of the others may be missing'
    const { stderr } = await runTool(['record', file, '--duration', '10ms'])
    expect(stderr.split('\n')).toContain(limit)
    expect(readLimits(file)).toContain(limit)
    expect((await runTool(['info', file])).stdout).toContain(`  not seen      ${limit}\n`)
    expect((await runTool(['analyze', 'top-endpoints', file])).stdout).toContain(`\n${limit}\n`)
  })

  test('are in each file of a rotating recording', async () => {
    denyConnects(makeCgroup())
    const directory = makeTemporaryDirectory()
    const recording = await startRotating({ directory, args: ['--rotate', '1s', '--quiet'] })
    await waitUntil('the next file', () => recording.files().length >= 2)
    await recording.stop()
    const files = readdirSync(directory).map((name) => join(directory, name))
    expect(files.length).toBeGreaterThanOrEqual(2)
    for (const file of files) expect(readLimits(file)).toContainEqual(expect.stringMatching(REDIRECTED))
  })
})
