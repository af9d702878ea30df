import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { batchLosses, sessionLosses, sumLosses } from '../../support/losses.js'
import { readTcpCounter } from '../../support/network-namespace.js'
import { firstOutput } from '../../support/process.js'
import {
  REFUSING_ADDRESS,
  UNANSWERING_ADDRESS,
  makeUnansweringNamespace,
  readFacts,
  readLostProcessCount,
} from '../../support/process-facts.js'
import { recordWhile, startRecording, type Recording } from '../../support/recorder.js'
import { queryTrace } from '../../support/trace.js'
import { connect, generateLoad, runWorkload, startWorkload } from '../../support/workload.js'

/** First port and first uid of the workload's processes. */
const FIRST_PORT = 10_000
const FIRST_UID = 20_000
/** More than the 256 slots of the probe's table on each CPU: bpf/processes.h. */
const PROCESSES = 600
const ADDRESSES = [REFUSING_ADDRESS, UNANSWERING_ADDRESS]
/** All on one CPU, and therefore in one table. */
const ONE_CPU = ['taskset', '--cpu-list', '0']

/** Output of test/workload/many-processes. */
interface ManyProcesses {
  readonly pids: readonly number[]
  /** Of each process */
  readonly attempts: number
}

/** The attempts to each port, and their number: `p4711 many-7 u20007 (4)`. */
function describeRows(file: string, addresses: readonly string[]): string[] {
  return [...readFacts(file, addresses)].flatMap(([port, rows]) => {
    const counts = new Map<string, number>()
    for (const { pid, tid, comm, exe, uid, netns } of rows) {
      const text = `port ${port}: ${[pid, tid, comm, exe, uid, netns].join(' ')}`
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    return [...counts].map(([text, count]) => `${text} (${count})`)
  })
}

function describeProcess(pid: number, index: number, netns: number): string {
  return `port ${FIRST_PORT + index}: ${[pid, pid, `many-${index}`, 'many-processes', FIRST_UID + index, netns].join(' ')}`
}

/** An attempt without a process still has its thread and network namespace. */
function describeUnknown(tid: number, index: number, netns: number): string {
  return `port ${FIRST_PORT + index}: ${[null, tid, null, null, null, netns].join(' ')}`
}

/** Compares without order, and shows only some of the differences. */
function expectSameLines(found: readonly string[], expected: readonly string[]): void {
  const [inFound, inExpected] = [new Set(found), new Set(expected)]
  const wrong = found.filter((line) => !inExpected.has(line)).slice(0, 5)
  const missing = expected.filter((line) => !inFound.has(line)).slice(0, 5)
  expect({ wrong, missing, count: found.length }).toEqual({ wrong: [], missing: [], count: expected.length })
}

describeKernel("more processes than fit into the probe's table", () => {
  test.each([
    [`${PROCESSES} that connect in rounds on one CPU`, ONE_CPU, [PROCESSES, 1, 10]],
    [`${PROCESSES} that connect in rounds on all CPUs`, [], [PROCESSES, 1, 10]],
    ['2,000 that live for two rounds on one CPU', ONE_CPU, [400, 5, 2]],
    ['2,000 that live for two rounds on all CPUs', [], [400, 5, 2]],
  ])('every attempt has its own process: %s', async (_, cpus, counts) => {
    const namespace = makeUnansweringNamespace()
    const under = [...namespace.exec, ...cpus]
    const args = [...ADDRESSES, ...counts.map(String)]
    const { file, result } = await recordWhile({}, () => runWorkload<ManyProcesses>('many-processes', args, { under }))
    const { pids, attempts } = result
    const expected = pids.map((pid, i) => `${describeProcess(pid, i, namespace.inode)} (${attempts})`)
    expect(sumLosses(sessionLosses(file))).toBe(0)
    expectSameLines(describeRows(file, ADDRESSES), expected)
    expect(readLostProcessCount(file)).toBe(0)
  })

  test('every attempt has its own process if each process replaces the previous one, also after processes were removed', async () => {
    const namespace = makeUnansweringNamespace()
    const under = [...namespace.exec, ...ONE_CPU]
    const run = () =>
      runWorkload<{ pid: number; names: string[]; attempts: number }>(
        'many-names',
        [UNANSWERING_ADDRESS, '40000', '4000'],
        {
          under,
        },
      )
    const { file, result } = await recordWhile({}, run)
    const { pid, names, attempts } = result
    const expected = names.map((name, i) => {
      const facts = [pid, pid, name, 'many-names', 0, namespace.inode].join(' ')
      return `port ${FIRST_PORT + i}: ${facts} (${attempts / names.length})`
    })
    expect(sumLosses(sessionLosses(file))).toBe(0)
    expectSameLines(describeRows(file, [UNANSWERING_ADDRESS]), expected)
    expect(readLostProcessCount(file)).toBe(0)
  })
})

/** Rounds of PROCESSES that fill most of the ring's 8 MB, and attempts of one process that exceed the rest. */
const FILLING_ROUNDS = 30
const FILLING_LOAD = ['--mode', 'refused', '--count', '80000', '--address', REFUSING_ADDRESS, '--port', '2']
const MARKER_PORT = 1

/** Waits until the ring was read up to an attempt that began after this call. */
async function waitForRoom(file: string, under: readonly string[]): Promise<void> {
  const isThere = () => queryTrace(file, 'SELECT 1 FROM endpoint WHERE remote_port = ?', MARKER_PORT).length > 0
  while (!isThere()) await connect(REFUSING_ADDRESS, MARKER_PORT, [], { under })
}

/** Fills the ring of a stopped recorder. PROCESSES begin one attempt each, and continue when the ring has room. */
async function overflow(recording: Recording, under: readonly string[]) {
  const startMany = (rounds: number, hold: string[] = []) =>
    startWorkload('many-processes', [...ADDRESSES, `${PROCESSES}`, '1', `${rounds}`, ...hold], { under })
  process.kill(recording.pid, 'SIGSTOP')
  const early = (await startMany(FILLING_ROUNDS).finished).stdout
  await generateLoad(FILLING_LOAD, { under })
  const late = startMany(5, ['hold'])
  await firstOutput(late)
  process.kill(recording.pid, 'SIGCONT')
  await waitForRoom(recording.file, under)
  late.child.stdin.end()
  const [, lateResult = ''] = (await late.finished).stdout.split('\n')
  return { early: JSON.parse(early) as ManyProcesses, late: JSON.parse(lateResult) as ManyProcesses }
}

describeKernel('a full ring', () => {
  test('every attempt has its own process, or NULL and is counted (GAP-55)', async () => {
    const namespace = makeUnansweringNamespace()
    // The filter excludes the losses of other processes.
    const recording = await startRecording({ args: ADDRESSES.flatMap((address) => ['--dst', address]) })
    const { early, late } = await overflow(recording, namespace.exec)
    await recording.stop()

    const lines = describeRows(recording.file, ADDRESSES).filter((line) => portOf(line) >= FIRST_PORT)
    const isEarly = (line: string) => {
      const index = portOf(line) - FIRST_PORT
      return line.startsWith(`${describeProcess(early.pids[index] ?? 0, index, namespace.inode)} (`)
    }
    expect(lines.filter(isEarly)).toHaveLength(PROCESSES)
    expectSameLines(
      lines.filter((line) => !isEarly(line)),
      late.pids.flatMap((pid, i) => [
        `${describeProcess(pid, i, namespace.inode)} (${late.attempts - 1})`,
        `${describeUnknown(pid, i, namespace.inode)} (1)`,
      ]),
    )

    const losses = sessionLosses(recording.file)
    const [counts] = queryTrace<{ rows: number; unknown: number; netns: number }>(recording.file, COUNTS)
    expect(batchLosses(recording.file)).toEqual(losses)
    expect((counts?.rows ?? 0) + sumLosses(losses)).toBe(readTcpCounter(namespace, 'ActiveOpens'))
    expect(counts?.netns).toBe(namespace.inode)
    expect(counts?.unknown).toBeGreaterThanOrEqual(PROCESSES)
    const lostProcesses = readLostProcessCount(recording.file)
    expect(lostProcesses).toBeGreaterThanOrEqual(counts?.unknown ?? 0)
    expect(lostProcesses).toBeLessThanOrEqual((counts?.unknown ?? 0) + sumLosses(losses))
  })
})

/** Counts all attempts, and those without a process, whose network namespace is known. */
const COUNTS = `
  SELECT count(*) AS rows, sum(pid IS NULL) AS unknown, max(netns) FILTER (WHERE pid IS NULL) AS netns FROM connects`

function portOf(line: string): number {
  return Number(/^port (\d+)/.exec(line)?.[1])
}
