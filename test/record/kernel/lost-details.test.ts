import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCgroup, type Cgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { interrupt, startLive } from '../../support/live.js'
import { expectEqualSum, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace } from '../../support/network-namespace.js'
import { startRecording } from '../../support/recorder.js'
import { connectsOf, readSession } from '../../support/trace.js'
import { connect } from '../../support/workload.js'

/** Each takes a kilobyte of the ring, which holds 256 of them without --dns. */
const MADE_CGROUPS = 400
const MIN_LOST_CGROUPS = MADE_CGROUPS - 256

interface MapFacts {
  readonly id: number
  readonly name: string
  readonly bytes_value: number
  readonly max_entries: number
}

/** A map of a recorder that runs. */
function findMap(pid: number, name: string): MapFacts {
  const infos = readdirSync(`/proc/${pid}/fdinfo`).map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
  const ids = new Set(infos.flatMap((info) => /^map_id:\s*(\d+)$/m.exec(info)?.[1] ?? []))
  const facts = [...ids].map((id) =>
    JSON.parse(execFileSync('bpftool', ['-j', 'map', 'show', 'id', id], { encoding: 'utf8' })),
  )
  const found = (facts as MapFacts[]).find((map) => map.name === name)
  if (found === undefined) throw new Error(`recorder ${pid} has no map ${name}`)
  return found
}

/** Takes all places with threads that there are not. */
function fillConnectCalls(pid: number): void {
  const { id, bytes_value: bytes, max_entries: entries } = findMap(pid, 'connect_calls')
  const value = '00 '.repeat(bytes).trimEnd()
  const lines = Array.from({ length: entries }, (_, i) => {
    const key = [i & 0xff, (i >> 8) & 0xff, 0, 0, 0xff, 0xff, 0xff, 0x7f]
    return `map update id ${id} key ${key.join(' ')} value hex ${value}`
  })
  execFileSync('bpftool', ['batch', 'file', '-'], {
    input: `${lines.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
}

/** Cgroups that come and go while a recorder gets no CPU. */
function makeUnseen(pid: number, parent: Cgroup): void {
  process.kill(pid, 'SIGSTOP')
  for (let i = 0; i < MADE_CGROUPS; i++) {
    const directory = join(parent.directory, `made-${i}`)
    mkdirSync(directory)
    rmdirSync(directory)
  }
  process.kill(pid, 'SIGCONT')
}

function countUnseen(stderr: string): number {
  const [, count] = /^(\d+) cgroups were made that were not seen: paths may be missing$/m.exec(stderr) ?? []
  return Number(count)
}

describeKernel('what is not seen beside attempts', () => {
  test('calls of connect that find no room are told, and no attempt is counted as lost for them', async () => {
    const { exec: under } = makeNetworkNamespace()
    const recording = await startRecording({ args: ['--local-errors'] })
    fillConnectCalls(recording.pid)
    const refused = await connect('127.0.0.1', 80, ['--count', '20'], { under })
    const failed = await connect('198.51.100.1', 80, ['--count', '10'], { under })
    const summary = await recording.stop()
    const [, calls] =
      /^LOST (\d+) connect calls that were not looked at \(local errors may be missing\)$/m.exec(summary) ?? []
    expect(Number(calls)).toBeGreaterThanOrEqual(30)
    expect(connectsOf(recording.file, refused.pid)).toHaveLength(20)
    expect(connectsOf(recording.file, failed.pid)).toEqual([])
    expect(sumLosses(sessionLosses(recording.file))).toBe(0)
    expectEqualSum(recording.file, summary)
  })

  test.each([[[]], [['-q']]])('cgroups that were made are told, and are no DNS packets: %j', async (args) => {
    const parent = makeCgroup()
    const recording = await startRecording({ args })
    makeUnseen(recording.pid, parent)
    const summary = await recording.stop()
    expect(countUnseen(summary)).toBeGreaterThanOrEqual(MIN_LOST_CGROUPS)
    expect(summary).not.toContain('DNS')
    expect(readSession(recording.file).dns_lost_count).toBe(0)
  })

  test('live tells of them too', async () => {
    const parent = makeCgroup()
    const live = await startLive([])
    makeUnseen(live.pid, parent)
    expect(countUnseen((await interrupt(live)).stderr)).toBeGreaterThanOrEqual(MIN_LOST_CGROUPS)
  })
})
