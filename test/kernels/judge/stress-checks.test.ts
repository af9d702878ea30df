import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeTrace } from '../../store/hand-made-trace.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { judge } from './check.js'
import { countAttempts } from './count-attempts.js'
import { openGuest } from './guest.js'
import { judgeExactness, makeStressChecks } from './stress-checks.js'

const EXACT = { established: 25_000, refused: 25_000, pending: 20 }

/** Counts of the three workloads; this many attempts of `refused` are inexact. */
function makeCounts(inexact = 0) {
  return {
    established: { exact: { established: EXACT.established }, inexact: 0, wrongLatency: 0 },
    refused: { exact: { refused: EXACT.refused - inexact }, inexact, wrongLatency: 0 },
    pending: { exact: { pending: EXACT.pending }, inexact: 0, wrongLatency: 0 },
  }
}

test('one inexact attempt in 10,000 is accepted', () => {
  expect(judgeExactness(makeCounts())).toBe('0 inexact')
  expect(judgeExactness(makeCounts(5))).toBe('5 inexact')
  expect(() => judgeExactness(makeCounts(6))).toThrow('6 inexact attempts of 50020')
})

test('an attempt with another outcome than that of its workload is reported', () => {
  const counts = { ...makeCounts(), refused: { exact: { refused: 1, pending: 1 }, inexact: 0, wrongLatency: 0 } }
  expect(() => judgeExactness(counts)).toThrow('outcomes of the workload "refused"')
})

test('flag 64 makes an attempt inexact, and an inexact attempt has no latency', () => {
  const trace = makeTrace()
  const process = { session_id: 1, pid: 7, process_start_ns: 1, comm: 'loadgen', uid: 0, netns: 1 }
  trace.db.pragma('foreign_keys = OFF')
  const process_id = trace.insert('process', process)
  const other = trace.insert('process', { ...process, pid: 8 })
  const [ESTABLISHED, REFUSED, PENDING] = [0, 1, 7]
  const insert = (outcome: number, flags: number, latency_ns: number | null, of = process_id) =>
    trace.insert('connect_attempt', { session_id: 1, process_id: of, outcome, flags, latency_ns })
  insert(ESTABLISHED, 0, 100)
  insert(ESTABLISHED, 32, 100)
  insert(REFUSED, 64 + 1, null)
  insert(PENDING, 0, null)
  insert(ESTABLISHED, 64, 100, other)
  insert(ESTABLISHED, 0, null, other)
  insert(PENDING, 0, 100, other)
  expect(countAttempts(trace.file, 7)).toEqual({ exact: { established: 2, pending: 1 }, inexact: 1, wrongLatency: 0 })
  expect(countAttempts(trace.file, 8)).toMatchObject({ inexact: 1, wrongLatency: 3 })
})

test('a model that a kernel refuses is skipped on the kernels listed for it, and fails on others', () => {
  const verdictsOf = (name: string, variant: string) => {
    const directory = makeTemporaryDirectory()
    const boot = join(directory, `stress-1-${variant}`)
    mkdirSync(join(boot, variant), { recursive: true })
    writeFileSync(join(directory, 'jobs.txt'), `1 ${variant}\n`)
    writeFileSync(join(boot, 'kernel.txt'), '7.2.13\n')
    writeFileSync(join(boot, 'cpus.txt'), '1\n')
    writeFileSync(join(boot, variant, 'refused.txt'), `this kernel refuses ${variant}, and accepts: full lazy\n`)
    const guest = openGuest(name, directory)
    return makeStressChecks([guest]).map((check) => judge(check, guest))
  }
  expect(verdictsOf('7.2', 'none')).toMatchObject([
    { check: 'preempt=none, 1 CPU: every attempt is a row', word: 'skip' },
    { word: 'skip', note: 'this kernel refuses none, and accepts: full lazy' },
  ])
  expect(verdictsOf('7.2', 'full')).toMatchObject([{ word: 'FAIL' }, { word: 'FAIL' }])
  expect(verdictsOf('6.12', 'none')).toMatchObject([{ word: 'FAIL' }, { word: 'FAIL' }])
})

test('a boot without results fails every requested check', () => {
  const directory = makeTemporaryDirectory()
  writeFileSync(join(directory, 'jobs.txt'), '1 traffic\n2 full,full+rps,rps\n')
  const guest = openGuest('7.2', directory)
  const verdicts = makeStressChecks([guest]).map((check) => judge(check, guest))
  expect(verdicts.map(({ check, word }) => [check, word])).toEqual([
    ['preempt=full, 2 CPUs: every attempt is a row', 'FAIL'],
    ['preempt=full, 2 CPUs: outcomes and latencies', 'FAIL'],
    ['preempt=full with receive packet steering, 2 CPUs: every attempt is a row', 'FAIL'],
    ['preempt=full with receive packet steering, 2 CPUs: outcomes and latencies', 'FAIL'],
    ['receive packet steering, 2 CPUs: every attempt is a row', 'FAIL'],
    ['receive packet steering, 2 CPUs: outcomes and latencies', 'FAIL'],
  ])
  expect(verdicts[0]?.note).toContain('nothing was handed back')
})
