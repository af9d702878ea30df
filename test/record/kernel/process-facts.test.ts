import { copyFileSync, linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import type { NetworkNamespace } from '../../support/network-namespace.js'
import {
  REFUSING_ADDRESS,
  UNANSWERING_ADDRESS,
  expectSituations,
  makeUnansweringNamespace,
  readLostProcessCount,
  type Situation,
} from '../../support/process-facts.js'
import { run } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { workloadPath } from '../../support/workload.js'

interface Change {
  readonly threads: number
  readonly rounds?: number
  readonly args?: readonly string[]
  /** A program that ends by executing the workload. */
  readonly under?: readonly string[]
  readonly program?: string
}

/** Records test/workload/change-facts, and expects in every row the facts that it prints about itself. */
async function expectChange(change: string, options: Change): Promise<Situation[]> {
  const { threads, rounds = 50, args = [], under = [], program = workloadPath('change-facts') } = options
  const namespace = makeUnansweringNamespace()
  const command = [program, change, REFUSING_ADDRESS, UNANSWERING_ADDRESS, `${threads}`, `${rounds}`, ...args]
  const { file, result } = await recordWhile({}, () => run([...under, ...enter(namespace), ...command]))
  expect({ status: result.status, stderr: result.stderr }).toEqual({ status: 0, stderr: '' })
  const lines = result.stdout.trim().split('\n')
  const situations = lines.map((line) => JSON.parse(line) as Situation)
  expectSituations(file, [REFUSING_ADDRESS, UNANSWERING_ADDRESS], situations)
  expect(readLostProcessCount(file)).toBe(0)
  return situations
}

/** Unlike `ip netns exec`, this keeps the mount namespace of the test, which has the cgroups. */
function enter({ exec }: NetworkNamespace): string[] {
  return ['nsenter', `--net=/run/netns/${exec.at(-1)}`]
}

/** Number of different values of one fact. */
function countValues(situations: readonly Situation[], fact: keyof Situation): number {
  return new Set(situations.map((situation) => situation[fact])).size
}

/** Two cgroups that may contain threads of one process, and their parent, which the process must be in. */
function makeThreadedCgroups() {
  const parent = makeCgroup()
  const directories = [makeCgroup(parent), makeCgroup(parent)].map(({ directory }) => directory)
  for (const directory of directories) writeFileSync(join(directory, 'cgroup.type'), 'threaded')
  return { parent, directories }
}

/** Programs to execute one after the other: each differs from the previous one in path, inode or name. */
function makePrograms() {
  const directory = makeTemporaryDirectory()
  const paths = ['change-facts', 'other/change-facts', 'other-name', 'linked', 'third/change-facts']
  const [first = '', ...others] = paths.map((path) => join(directory, path))
  const [elsewhere = '', otherName = '', linked = '', third = ''] = others
  for (const path of ['other', 'third']) mkdirSync(join(directory, path))
  for (const path of [first, elsewhere, otherName]) copyFileSync(workloadPath('change-facts'), path)
  linkSync(otherName, linked)
  linkSync(first, third)
  return { first, others: [elsewhere, otherName, linked, third, first] }
}

const THREADS = [
  ['one thread', 1],
  ['8 threads', 8],
] as const
/** The thread that makes the change for all threads: of how many, and which of them. */
const CHANGERS = [
  ['the only thread', 1, '0'],
  ['the main thread of 8', 8, '0'],
  ['another thread of 8', 8, '5'],
] as const

describeKernel('the next attempt after a change', () => {
  test.each(THREADS)('has the new name after prctl(PR_SET_NAME), in a process of %s', async (_, threads) => {
    expect(countValues(await expectChange('name', { threads }), 'comm')).toBe(threads === 1 ? 2 : 12)
  })

  test('has the name of its own thread while two connect in turn and one changes its name each time', async () => {
    const situations = await expectChange('name', { threads: 2, args: ['alternate'] })
    expect(countValues(situations, 'comm')).toBe(3)
  })

  test.each(THREADS)(
    'has the new user after a thread changed it for itself, in a process of %s',
    async (_, threads) => {
      expect(countValues(await expectChange('uid', { threads }), 'uid')).toBe(2)
    },
  )

  test.each(CHANGERS)('has the new user after setresuid by %s', async (_, threads, changer) => {
    expect(countValues(await expectChange('uid-of-all', { threads, args: [changer] }), 'uid')).toBe(2)
  })

  test.each(THREADS)(
    'has the new network namespace after unshare and setns, in a process of %s',
    async (_, threads) => {
      const situations = await expectChange('netns', { threads })
      expect(countValues(situations, 'netns')).toBe(1 + Math.ceil(threads / 2))
    },
  )

  test.each(THREADS)('has the new mount namespace after unshare and setns, in a process of %s', async (_, threads) => {
    const situations = await expectChange('mntns', { threads })
    expect(countValues(situations, 'mntns')).toBe(1 + Math.ceil(threads / 2))
  })

  test.each(CHANGERS)('has the new cgroup after %s moved the process', async (_, threads, changer) => {
    const [first, second] = [makeCgroup(), makeCgroup()]
    const args = [changer, second.directory]
    const situations = await expectChange('cgroup', { threads, args, under: first.exec })
    expect(new Set(situations.map(({ cgroup }) => cgroup))).toEqual(new Set([first.path, second.path]))
  })

  test.each(THREADS)('has the new cgroup after a thread moved alone, in a process of %s', async (_, threads) => {
    const { parent, directories } = makeThreadedCgroups()
    const situations = await expectChange('cgroup-thread', {
      threads,
      rounds: 3,
      args: directories,
      under: parent.exec,
    })
    expect(countValues(situations, 'cgroup')).toBe(threads === 1 ? 2 : 3)
  })

  test.each(CHANGERS)(
    'has the new program and the pid of the process after exec by %s',
    async (_, threads, changer) => {
      const { first, others } = makePrograms()
      const args = [changer, '10000', ...others]
      const situations = await expectChange('exec', { threads, args, program: first })
      expect(countValues(situations, 'pid')).toBe(1)
      expect(countValues(situations, 'exe')).toBe(3)
    },
  )

  test.each(THREADS)(
    'has the start of the new process after the reuse of a pid, in processes of %s',
    async (_, threads) => {
      const situations = await expectChange('pid', { threads })
      expect(countValues(situations, 'pid')).toBe(1)
      expect(countValues(situations, 'start_ticks')).toBe(3)
    },
  )
})
