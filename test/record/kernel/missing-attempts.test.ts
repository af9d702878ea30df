import { execFileSync } from 'node:child_process'
import { release } from 'node:os'
import { expect, test, type TestContext } from 'vitest'
import { probeState } from '../../../src/record/event/wire.gen.js'
import { chooseApproach } from '../../../src/record/probe/approach.js'
import { isKernelAtLeast } from '../../../src/record/probe/kernel-support.js'
import { attachedPrograms } from '../../support/attached-programs.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { countRecorded } from '../../support/losses.js'
import { makeNetworkNamespace, steerPackets, type NetworkNamespace } from '../../support/network-namespace.js'
import { findMap } from '../../support/recorder-maps.js'
import { startRecording } from '../../support/recorder.js'
import { runTool } from '../../support/tool.js'
import { connect, generateLoad } from '../../support/workload.js'

const MISSING = 1000
const STEERED = ['--mode', 'refused', '--threads', '2', '--count', '20000']
/** 400,000 attempts: after QUIET_ATTEMPTS the last program could be detached. */
const MAX_ROUNDS = 20
/** The kernel's limit for names of programs. */
const FOLLOWERS = chooseApproach().followers.map((name) => name.slice(0, 15))

/** Makes attempts that the kernel counts, and that the probe of this recorder ignores. */
async function connectUnseen(recorder: number, { exec: under }: NetworkNamespace, count: number): Promise<void> {
  setRecording(recorder, false)
  await connect('127.0.0.1', 1000, ['--count', String(count)], { under })
  setRecording(recorder, true)
}

/** Switches recording on or off in struct probe_state. Counts that change meanwhile return to their earlier value. */
function setRecording(recorder: number, value: boolean): void {
  const entry = ['id', String(findMap(recorder, '.bss').id), 'key', '0', '0', '0', '0']
  const text = execFileSync('bpftool', ['--json', 'map', 'lookup', ...entry], { encoding: 'utf8' })
  const bytes = (JSON.parse(text) as { readonly value: readonly string[] }).value.with(
    probeState.recording,
    value ? '0x01' : '0x00',
  )
  execFileSync('bpftool', ['map', 'update', ...entry, 'value', ...bytes])
}

/** Makes attempts until the kernel has skipped runs of the last program: no other one does its work. */
async function provokeSkips(recorder: number, { exec: under }: NetworkNamespace, context: TestContext): Promise<void> {
  let misses = countMisses(recorder)
  for (let round = 0; round < MAX_ROUNDS && misses.at(-1) === 0; round++) {
    await generateLoad(STEERED, { under })
    misses = countMisses(recorder)
  }
  const counts = FOLLOWERS.map((name, i) => `${misses[i]} runs of ${name}`).join(' and ')
  skipUnless(misses.at(-1) !== 0, `the kernel skipped ${counts}: none is without another program after it`, context)
}

/** Skipped runs of each follower. All are attached. */
function countMisses(recorder: number): number[] {
  const programs = attachedPrograms(recorder)
  expect(programs.map(({ name }) => name)).toEqual(expect.arrayContaining(FOLLOWERS))
  return FOLLOWERS.map((follower) => programs.find(({ name }) => name === follower)?.recursion_misses ?? 0)
}

async function readTexts(file: string): Promise<[info: string, analyze: string]> {
  const [info, analyze] = [await runTool(['info', file]), await runTool(['analyze', 'top-endpoints', file])]
  return [info.stdout, analyze.stdout]
}

describeKernel('attempts that are missing', () => {
  test('for an unknown reason are a difference from TcpActiveOpens: record, info and analyze print it (GAP-56)', async () => {
    const namespace = makeNetworkNamespace()
    const recording = await startRecording()
    await connectUnseen(recording.pid, namespace, MISSING)
    await connect('127.0.0.1', 1000, ['--count', '5'], { under: namespace.exec })
    const summary = await recording.stop()
    expect(countRecorded(recording.file, namespace.inode)).toBe(5)
    const differs =
      /(?:completeness:? +|session 1: )[\d,]+ recorded \+ [\d,]+ lost differs from the kernel's .*\(TcpActiveOpens\)/
    for (const text of [summary, ...(await readTexts(recording.file))]) expect(text).toMatch(differs)
  })
})

describeKernel(
  'skipped runs of the probe',
  () => {
    // The kernel seldom skips both the begin and the end of an attempt: here other attempts are missing, those of the test and
    // those that others on this host make meanwhile.
    test('are the cause of missing attempts, and a doubt about those that are not compared (GAP-06)', async (context) => {
      const compared = makeNetworkNamespace()
      const recording = await startRecording()
      const later = makeNetworkNamespace()
      steerPackets(later)
      await provokeSkips(recording.pid, later, context)
      await connectUnseen(recording.pid, compared, 1)
      const summary = await recording.stop()
      for (const text of [summary, ...(await readTexts(recording.file))]) {
        expect(text).toMatch(/LOST [\d,]+ attempts?: [\d,]+ probe skipped by the kernel/)
        expect(text).toMatch(
          / \+ [1-9][\d,]* lost .* the kernel's .*; the kernel skipped [\d,]+ runs? of the probe: attempts may be missing/,
        )
      }
    })
  },
  isKernelAtLeast(release(), '6.1') ? null : 'before Linux 6.1 the kernel skips no run',
)
