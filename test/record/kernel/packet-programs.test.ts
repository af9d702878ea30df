import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cgroupRoot } from '../../support/cgroup.js'
import { readDescriptors } from '../../support/descriptors.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { startRecording } from '../../support/recorder.js'

describeKernel('the programs of --dns', () => {
  test('are attached to the root of cgroup v2 during the recording, and to no other cgroup (SEC-62)', async () => {
    const recording = await startRecording({ args: ['--dns'] })
    const links = readCgroupLinks(recording.pid)
    const root = String(statSync(cgroupRoot()).ino)
    expect(links.map(({ cgroup_id }) => cgroup_id)).toEqual([root, root])
    const programs = links.map(({ prog_id }) => Number(prog_id))
    expect(attachedPrograms()).toEqual(expect.arrayContaining(programs))
    await recording.stop()
    for (const program of programs) expect(attachedPrograms()).not.toContain(program)
  })

  test('are not attached without the option', async () => {
    const recording = await startRecording()
    expect(readCgroupLinks(recording.pid)).toEqual([])
    await recording.stop()
  })
})

/** Programs that a process attached to cgroups. */
function readCgroupLinks(pid: number): Readonly<Record<string, string>>[] {
  return readDescriptors(pid).filter(({ link_type }) => link_type === 'cgroup')
}

/** Ids of the programs at the root. bpftool prints nothing if there are none. */
function attachedPrograms(): number[] {
  const text = execFileSync('bpftool', ['--json', 'cgroup', 'show', cgroupRoot()], { encoding: 'utf8' })
  return (JSON.parse(text.trim() || '[]') as { id: number }[]).map(({ id }) => id)
}
