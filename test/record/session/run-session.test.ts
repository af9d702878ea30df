import { describe, expect, test, vi } from 'vitest'
import { NO_CONTAINER_NAMES } from '../../../src/record/containers/start-reader.js'
import { createCgroupPaths } from '../../../src/record/host/cgroup-paths.js'
import type { Metadata } from '../../../src/record/dns/metadata-reader.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import type { SkippedRuns } from '../../../src/record/probe/skipped-runs.js'
import type { Session } from '../../../src/record/session/begin-session.js'
import { endSession, failSession } from '../../../src/record/session/end-session.js'
import { openOutput } from '../../../src/record/output/open-output.js'
import { createPump } from '../../../src/record/session/pump.js'
import { createRecording } from '../../../src/record/session/recording.js'
import { runSession } from '../../../src/record/session/run-session.js'
import { createNatRecords } from '../../../src/record/nat/find-addresses.js'
import { createStopSignal } from '../../../src/record/session/stop-signal.js'
import type { HostNames } from '../../../src/record/write/late-names.js'
import { holdWriteLock } from '../../support/hold-lock.js'
import { NAMES, STARTED_UNIX_NS, addSession, createWriter } from '../new-trace.js'
import { createFakeProbe } from './fake-probe.js'
import { newPath } from './output-files.js'
import { quietOptions } from './record-options.js'

/** Nothing that explains attempts. */
function createNoMetadata(): Metadata {
  return {
    read() {},
    names: createNameCache(),
    nat: null,
    lookups: [],
    finish() {},
    counts: () => ({ lost: 0, malformed: 0, evicted: 0 }),
  }
}

/** A session over a probe of ours, with a clock that goes on by 100 ms at every look, and can be set. */
function createScene(durationNs: number | null = null, names: HostNames = NAMES) {
  const output = openOutput(newPath())
  const sessionId = addSession(output.db)
  const probe = createFakeProbe()
  const wall = { offsetNs: STARTED_UNIX_NS }
  let nowNs = 0
  const session: Session = {
    id: sessionId,
    options: quietOptions(output.path, durationNs),
    probe,
    output,
    clock: {
      epochNs: 0n,
      nowNs: () => (nowNs += 100e6),
      unixOffsetNs: () => wall.offsetNs,
    },
    start: { sinceNs: 0, unixNs: STARTED_UNIX_NS },
    writer: createWriter({ db: output.db, sessionId }, names),
    kernelCount: null,
    limits: [],
    containers: NO_CONTAINER_NAMES,
    cgroupPaths: createCgroupPaths(null),
    metadata: createNoMetadata(),
    countedBefore: { skipped: probe.skipped(), lostProcesses: probe.lostProcesses(), lostDetails: probe.lostDetails() },
  }
  const pump = createPump(session, [])
  const display = { begin: vi.fn(), observe: vi.fn(), draw: vi.fn(), clear: vi.fn(), end: vi.fn() }
  const stop = createStopSignal()
  const notifier = { ready: vi.fn(), tick: vi.fn(), stopping: vi.fn() }
  const recording = createRecording({ session, pump })
  const run = () => runSession(recording, stop, { display, notifier })
  const advance = (ns: number) => void (nowNs += ns)
  const query = (sql: string) => output.db.prepare(sql).safeIntegers().raw().all()
  return { session, probe, pump, recording, display, stop, wall, advance, query, run }
}

describe('while a session runs', () => {
  test('it ends when its duration is over, with what came in until then', async () => {
    const { probe, stop, query, run, display } = createScene(2e9)
    probe.emit([{}, {}])
    await run()
    expect(stop.reason).toBe('duration')
    expect(query('SELECT count(*) FROM connects')).toEqual([[2n]])
    expect(display.draw).toHaveBeenCalled()
  })

  test('it ends when it is stopped', async () => {
    const { stop, run } = createScene()
    setTimeout(() => stop.stop('interrupt'), 30)
    await run()
    expect(stop.reason).toBe('interrupt')
  })

  test.each([
    ['forward', 3_600_000_000_000n],
    ['back', -3_600_000_000_000n],
    ['by as little as is no noise', 100_000n],
  ])('a clock that is set %s is noted once, from the look before on; noise is not (GAP-50)', async (_, stepNs) => {
    const { session, probe, display, wall, query, run } = createScene(6e9)
    display.draw.mockImplementation((nowNs: number) => {
      if (nowNs > 1e9) wall.offsetNs = STARTED_UNIX_NS + 99_999n
      if (nowNs > 3e9) wall.offsetNs = STARTED_UNIX_NS + stepNs
    })
    probe.emit([{ startedNs: 1_000_000n }, { startedNs: 5_500_000_000n }])
    await run()
    const offsets = query('SELECT since_ns, unix_offset_ns FROM clock_offset ORDER BY since_ns')
    expect(offsets).toHaveLength(2)
    expect(offsets[1]).toEqual([expect.any(BigInt), STARTED_UNIX_NS + stepNs])
    const [since] = offsets[1] as [bigint]
    expect(since).toBeGreaterThan(1_000_000_000n)
    expect(since).toBeLessThan(4_500_000_000n)
    const times = query('SELECT started_ns FROM connects').flat()
    expect(new Set(times)).toEqual(new Set([STARTED_UNIX_NS + 1_000_000n, STARTED_UNIX_NS + stepNs + 5_500_000_000n]))
    session.output.close()
  })
})

test('somebody who holds the file locked puts off what is looked at now and then, and ends nothing', async () => {
  const names = { ...NAMES, userName: () => 'a user', cgroupPath: vi.fn<HostNames['cgroupPath']>() }
  const { session, probe, display, wall, query, run } = createScene(8e9, names)
  let unlock: (() => void) | undefined
  display.draw.mockImplementation((nowNs: number) => {
    if (nowNs > 2e9 && !unlock) {
      unlock = holdWriteLock(session.output.path)
      names.cgroupPath.mockReturnValue('/late.slice')
      wall.offsetNs += 1_000_000n
    }
    if (nowNs < 4e9) return
    unlock?.()
    unlock = () => {}
  })
  probe.emit([{}])
  await run()
  expect(query('SELECT cgroup FROM connects')).toEqual([['/late.slice']])
  expect(query('SELECT count(*) FROM clock_offset')).toEqual([[2n]])
})

describe('a ring that runs full', () => {
  const losses = 'SELECT sum(lost_ring_full_count), sum(lost_writer_behind_count) FROM batch'

  test('while names are added is the delay of the writer', async () => {
    const looks = vi.fn<HostNames['cgroupPath']>().mockReturnValueOnce(undefined)
    const { probe, advance, query, run } = createScene(20e9, {
      userName: () => null,
      cgroupPath: looks,
      containerFacts: () => undefined,
    })
    looks.mockImplementationOnce(() => {
      advance(10e9)
      probe.losses.ringFull = 5
      return '/late.slice'
    })
    probe.emit([{}])
    await run()
    expect(query(losses)).toEqual([[0n, 5n]])
  })

  test('while files are changed or removed is the delay of the writer', async () => {
    const { probe, recording, advance, query, run } = createScene(20e9)
    vi.spyOn(recording, 'tend').mockImplementationOnce(() => {
      advance(10e9)
      probe.losses.ringFull = 5
    })
    await run()
    expect(query(losses)).toEqual([[0n, 5n]])
  })

  test('while the recorder waits for its next turn is not', async () => {
    const { probe, display, advance, query, run } = createScene(20e9)
    display.draw.mockImplementationOnce(() => {
      advance(10e9)
      probe.losses.ringFull = 5
    })
    await run()
    expect(query(losses)).toEqual([[5n, 0n]])
  })
})

describe('names that were put off', () => {
  /** A host that knows a name at the third look. */
  function createSlowHost() {
    const looks: (boolean | undefined)[] = []
    const cgroupPath = (_: bigint, isEnd?: boolean) => (looks.push(isEnd) < 3 ? undefined : 'a name')
    return { looks, names: { ...NAMES, userName: () => null, cgroupPath } }
  }

  test('are asked for every second while it runs', async () => {
    const { names, looks } = createSlowHost()
    const { probe, query, run } = createScene(5e9, names)
    probe.emit([{}])
    await run()
    expect(looks).toHaveLength(3)
    expect(query('SELECT cgroup FROM connects')).toEqual([['a name']])
  })

  test('are asked for a last time at the end', () => {
    const { names, looks } = createSlowHost()
    const { session, probe, pump } = createScene(null, names)
    probe.emit([{}])
    endSession(session, pump, 'interrupt')
    expect(looks).toEqual([undefined, true])
  })
})

describe('at the end of a session', () => {
  test('recording stops first, then all that is left is written, and the goodbye last', () => {
    const { session, probe, pump, query } = createScene()
    probe.emit([{ outcome: 0 }, { outcome: 1, error: 111 }])
    probe.waiting = [{ remotePort: 81 }]
    Object.assign(probe.losses, { ringFull: 3, mapFull: 1 })
    const result = endSession(session, pump, 'terminate')
    expect(probe.calls).toEqual(['stop', 'detach'])
    expect(result).toMatchObject({
      rows: 3,
      loss: { ringFull: 3, mapFull: 1, writerBehind: 0, missed: 0, skipped: 0 },
      completeness: null,
    })
    expect(query('SELECT outcome FROM connects ORDER BY outcome')).toEqual([['established'], ['pending'], ['refused']])
    expect(query('SELECT end_reason, duration_ns, lost_ring_full_count FROM session')).toEqual([
      ['terminate', BigInt(result.durationNs), 3n],
    ])
    expect(query('SELECT last_attempt_id FROM latency_window')).toEqual([[3n]])
  })

  test('what explains the last attempts is read to its end before they are written', () => {
    const { session, probe, pump } = createScene()
    const steps: string[] = []
    const metadata = { ...session.metadata, finish: () => void steps.push('explained') }
    const take = probe.ring.peek
    Object.assign(probe.ring, {
      peek: (...parameters: Parameters<typeof take>) => {
        steps.push('taken')
        return take(...parameters)
      },
    })
    probe.emit([{}])
    endSession({ ...session, metadata }, pump, 'interrupt')
    expect(steps).toEqual(['explained', 'taken'])
  })

  test('the kernel’s count is read around the stop, and stored', () => {
    const { session, pump, probe, query } = createScene()
    const calls = probe.calls
    const completeness = { kernelMin: 1, kernelMax: 2, comparable: 1, uncomparable: 0 }
    const kernelCount = {
      begin: vi.fn(),
      end: (switchOff: () => void) => [calls.push('read'), switchOff(), calls.push('read again')],
      readNow: vi.fn(),
      split: vi.fn(),
      compare: vi.fn(() => completeness),
    }
    probe.emit([{ netns: 5 }])
    expect(endSession({ ...session, kernelCount }, pump, 'duration').completeness).toEqual(completeness)
    expect(calls).toEqual(['read', 'stop', 'read again', 'detach'])
    expect(kernelCount.compare).toHaveBeenCalledWith(new Map([[5, 1]]))
    expect(query('SELECT kernel_attempts_min, kernel_attempts_max FROM session')).toEqual([[1n, 2n]])
  })

  describe('attempts that the kernel counted and nobody recorded', () => {
    /** Ends a session of two attempts, and gives the losses of session and batches, and the verdict. */
    function endWith(missing: number, skipped: SkippedRuns | null, { mapFull = 0, isCompared = true } = {}) {
      const { session, pump, probe, query } = createScene()
      const kernel = 2 + mapFull + missing
      const completeness = { kernelMin: kernel, kernelMax: kernel, comparable: 2, uncomparable: 0 }
      const kernelCount = {
        begin: vi.fn(),
        end: (switchOff: () => void) => switchOff(),
        readNow: vi.fn(),
        split: vi.fn(),
        compare: () => completeness,
      }
      probe.counts.skipped = skipped
      probe.counts.lostProcesses = 4
      probe.losses.mapFull = mapFull
      probe.emit([{}, {}])
      const result = endSession({ ...session, kernelCount: isCompared ? kernelCount : null }, pump, 'duration')
      expect(result).toMatchObject({ skipped, lostProcesses: 4 })
      const counts = 'lost_skipped_count, skipped_run_count, uncovered_run_count, lost_process_count'
      const [row] = query(`SELECT ${counts} FROM session`) as bigint[][]
      const batches = query('SELECT sum(lost_skipped_count) FROM batch')
      expect(batches).toEqual([[row?.[0]]])
      expect(row?.slice(1)).toEqual([
        ...(skipped ? [BigInt(skipped.all), BigInt(skipped.uncovered)] : [null, null]),
        4n,
      ])
      expect(result.loss.skipped).toBe(Number(row?.[0]))
      return result.loss.skipped
    }

    test.each([
      ['are lost to skipped runs where there were as many', 3, { all: 9, uncovered: 3 }, 3],
      ['are lost to skipped runs only as far as there were any', 5, { all: 9, uncovered: 3 }, 3],
      ['are no more than are missing, however many runs were skipped', 2, { all: 900, uncovered: 300 }, 2],
      ['are not explained by runs behind which a second program stood', 2, { all: 9, uncovered: 0 }, 0],
      ['are not explained on a kernel that counts no skipped runs', 2, null, 0],
      ['are none when all were recorded', 0, { all: 9, uncovered: 3 }, 0],
      ['are none when more were recorded than the kernel counted', -1, { all: 9, uncovered: 3 }, 0],
    ] as const)('%s', (_, missing, skipped, lost) => {
      expect(endWith(missing, skipped)).toBe(lost)
    })

    test('are those beyond the losses that have a cause already', () => {
      expect(endWith(2, { all: 9, uncovered: 9 }, { mapFull: 3 })).toBe(2)
    })

    test('are not known where nothing was compared', () => {
      expect(endWith(2, { all: 9, uncovered: 9 }, { isCompared: false })).toBe(0)
    })
  })

  test.each(['well', 'with an error'])(
    'that ends %s: what was not seen beside attempts stands with what the host hides (GAP-26, GAP-34)',
    (end) => {
      const { session, pump, probe, query } = createScene()
      const nat = createNatRecords()
      const metadata = {
        ...session.metadata,
        nat: { ...nat, asked: { ...nat.asked, lostCount: 6 } },
        counts: () => ({ lost: 0, malformed: 0, evicted: 0, cut: 2 }),
      }
      Object.assign(probe.counts, { calls: 3, cgroups: 1, resolves: 4 })
      const limited = { ...session, metadata, limits: ['the host hides this'] }
      if (end === 'well') endSession(limited, pump, 'duration')
      else failSession(limited, pump)
      expect(query('SELECT value FROM session, json_each(limits)').flat()).toEqual([
        'the host hides this',
        'LOST 3 connect calls: local errors may be missing',
        'LOST 6 address records: nat_address and service_address may be missing',
        'LOST 1 new cgroup: paths may be missing',
        'LOST 4 getaddrinfo calls: names may be missing',
        '2 DNS answers longer than 4,096 bytes truncated: names may be missing',
      ])
    },
  )

  test.each(['well', 'with an error'])(
    'that ends %s: missing names of users and cgroups are limits (GAP-75, GAP-76)',
    (end) => {
      const { session, probe, pump, query } = createScene(null, {
        userName: () => null,
        cgroupPath: () => null,
        containerFacts: () => undefined,
      })
      probe.emit([{ uid: 5 }, { uid: 6 }])
      pump.drain(session.clock.nowNs)
      const many = { ...session, cgroupPaths: { ...createCgroupPaths(null), isCut: true } }
      if (end === 'well') endSession(many, pump, 'duration')
      else failSession(many, pump)
      expect(query('SELECT value FROM session, json_each(limits)').flat()).toEqual([
        '2 users of the host without a name: not in /etc/passwd, and getent passwd did not find them in time',
        'the host has more than 65,536 cgroups: paths of the others may be missing',
      ])
    },
  )

  test('after an error it says so, and detaches', () => {
    const { session, probe, pump, query } = createScene()
    failSession(session, pump)
    expect(probe.calls).toEqual(['stop', 'detach'])
    expect(query('SELECT end_reason FROM session')).toEqual([['error']])
  })

  test('after an error that took the file away it says nothing, and throws nothing', () => {
    const { session, probe, pump } = createScene()
    session.output.close()
    failSession(session, pump)
    expect(probe.calls).toEqual(['stop', 'detach'])
  })
})
