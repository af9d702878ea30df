import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { expectFilter, type Attempt } from '../../support/filter-case.js'
import { readDescriptors } from '../../support/descriptors.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { pinMap, type PinnedMap } from '../../support/pinned-map.js'
import { startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connect } from '../../support/workload.js'

const MNTNS = { keyBytes: 8, valueBytes: 4 }
const UNSHARE = ['unshare', '--mount']
const connectUnder =
  (under: readonly string[] = []): Attempt =>
  () =>
    connect('127.0.0.1', 1000, [], { under })

describeKernel('filters by pinned maps of bcc', () => {
  test('--cgroupmap: records exactly these cgroups', async () => {
    const wanted = makeCgroup()
    const [below, beside, map] = [makeCgroup(wanted), makeCgroup(), pinMap({})]
    map.add(wanted.id)
    const others = [connectUnder(below.exec), connectUnder(beside.exec), connectUnder()]
    await expectFilter(['--cgroupmap', map.path], { matching: [connectUnder(wanted.exec)], others })
  })

  test('--cgroupmap: an empty map records nothing, and a change applies to the next attempt', async () => {
    const [cgroup, map] = [makeCgroup(), pinMap({})]
    const after =
      (change: () => void): Attempt =>
      () => {
        change()
        return connectUnder(cgroup.exec)()
      }
    const unlisted = [after(() => {}), after(() => map.add(1)), after(() => flip(map, cgroup.id))]
    const listed = after(() => map.add(cgroup.id))
    await expectFilter(['--cgroupmap', map.path], { others: unlisted, matching: [listed] })
  })

  test('--mntnsmap: records exactly these mount namespaces', async () => {
    const map = pinMap(MNTNS)
    map.add(statSync('/proc/self/ns/mnt').ino)
    await expectFilter(['--mntnsmap', map.path], { matching: [connectUnder()], others: [connectUnder(UNSHARE)] })
  })

  test('both options: an attempt must match both maps', async () => {
    const [cgroup, cgroups, namespaces] = [makeCgroup(), pinMap({}), pinMap(MNTNS)]
    cgroups.add(cgroup.id)
    namespaces.add(statSync('/proc/self/ns/mnt').ino)
    const args = ['--cgroupmap', cgroups.path, '--mntnsmap', namespaces.path]
    await expectFilter(args, {
      matching: [connectUnder(cgroup.exec)],
      others: [connectUnder(), connectUnder(UNSHARE), connectUnder([...cgroup.exec, ...UNSHARE])],
    })
  })

  test.each([
    ['--cgroupmap', { keyBytes: 4 }],
    ['--cgroupmap', { valueBytes: 4 }],
    ['--cgroupmap', { type: 'array', keyBytes: 4 }],
    ['--mntnsmap', { valueBytes: 8 }],
    ['--mntnsmap', { keyBytes: 4, valueBytes: 4 }],
  ])('%s: a map of another shape is a usage error: %o (SEC-57)', async (option, shape) => {
    await expectRefused(option, pinMap(shape).path)
  })

  test.each(['--cgroupmap', '--mntnsmap'])(
    '%s: the error does not reveal what the path is, if it is no pinned map (SEC-55)',
    async (option) => {
      const [directory, program] = [makeTemporaryDirectory(), join(dirname(pinMap({}).path), 'program')]
      await pinProgram(program)
      const told = []
      for (const path of [
        join(directory, 'none'),
        directory,
        '/etc/passwd',
        '/dev/null',
        '/etc/passwd/none',
        program,
      ]) {
        told.push((await expectRefused(option, path)).replaceAll(path, 'PATH'))
      }
      expect(new Set(told).size).toBe(1)
    },
  )

  test.each(['--cgroupmap', '--mntnsmap'])('%s: a FIFO is refused without blocking (SEC-56)', async (option) => {
    const fifo = join(makeTemporaryDirectory(), 'fifo')
    execFileSync('mkfifo', [fifo])
    await expectRefused(option, fifo)
  })

  test('the recording does not change the map (SEC-58)', async () => {
    const [cgroup, map] = [makeCgroup(), pinMap({})]
    map.add(cgroup.id)
    const read = () => execFileSync('bpftool', ['map', 'dump', 'pinned', map.path], { encoding: 'utf8' })
    const before = read()
    await expectFilter(['--cgroupmap', map.path], { matching: [connectUnder(cgroup.exec)], others: [connectUnder()] })
    expect(read()).toBe(before)
    expect(before).toContain('Found 1 element')
  })
})

async function expectRefused(option: string, path: string): Promise<string> {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  const { status, stderr, stdout } = await runTool(['record', file, option, path])
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain(`error: ${option}: ${JSON.stringify(path)} is not accepted`)
  expect(stderr).toMatch(/reason: .*8-byte keys, [48]-byte values/)
  return stderr
}

/** Into the map and out of it again. */
function flip(map: PinnedMap, key: bigint): void {
  map.add(key)
  map.remove(key)
}

/** A file of the recorder that remains after it ends. */
async function pinProgram(path: string): Promise<void> {
  const recording = await startRecording()
  const { prog_id } = readDescriptors(recording.pid).find((fields) => fields.prog_id !== undefined) ?? {}
  execFileSync('bpftool', ['prog', 'pin', 'id', String(prog_id), path])
  await recording.stop()
}
