import { rmdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeCgroup, type Cgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile } from '../../support/recorder.js'
import { onlyConnectOf, queryTrace } from '../../support/trace.js'
import { connect } from '../../support/workload.js'
import { waitUntil } from '../../support/wait-until.js'

const ID = '0123456789abcdef'.repeat(4)
const SHORT_ID = ID.slice(0, 12)

/** Connects inside the cgroup, and removes the cgroup afterwards. */
async function connectOnce(cgroup: Cgroup): Promise<number> {
  const { pid } = await connect('127.0.0.1', 1000, [], { under: cgroup.exec })
  await waitUntil(`${cgroup.path} to be removed`, () => isRemoved(cgroup), { everyMs: 1 })
  return pid
}

function isRemoved({ directory }: Cgroup): boolean {
  try {
    rmdirSync(directory)
    return true
  } catch {
    // The last process leaves the cgroup shortly after its end.
    return false
  }
}

describeKernel('the cgroup of an attempt is recorded', () => {
  test('if it lives for some ms', async () => {
    const { file, result } = await recordWhile({}, async () => {
      const made: { pid: number; path: string }[] = []
      for (let i = 0; i < 10; i++) {
        const cgroup = makeCgroup()
        const name = `docker-${String(i).repeat(64)}.scope`
        const container = makeCgroup(cgroup, name)
        made.push({ pid: await connectOnce(container), path: container.path })
        rmdirSync(cgroup.directory)
      }
      return made
    })
    const rows = result.map(({ pid }) => onlyConnectOf(file, pid))
    expect(rows.map(({ cgroup }) => cgroup)).toEqual(result.map(({ path }) => path))
    expect(rows.map(({ container }) => container)).toEqual(result.map((_, i) => String(i).repeat(12)))
  })

  test('if it existed before the recording and is removed before the recorder reads the event', async () => {
    const cgroup = makeCgroup()
    const { file, result } = await recordWhile({}, () => connectOnce(cgroup))
    expect(onlyConnectOf(file, result).cgroup).toBe(cgroup.path)
  })

  test('if many others are created and removed', async () => {
    const above = makeCgroup()
    const { file, result } = await recordWhile({}, async () => {
      for (let i = 0; i < 100; i++) rmdirSync(makeCgroup(above).directory)
      const wanted = makeCgroup(above)
      return { pid: await connectOnce(wanted), path: wanted.path }
    })
    expect(onlyConnectOf(file, result.pid).cgroup).toBe(result.path)
    // Cgroups without a connect have no row.
    expect(queryTrace(file, 'SELECT count(*) AS n FROM cgroup WHERE path LIKE ?', `${above.path}/%`)).toEqual([
      { n: 1 },
    ])
  })

  test('with the container id that is in its name', async () => {
    const above = makeCgroup(undefined, `tcpconn-test-${process.pid}.slice`)
    const names = [
      [`docker-${ID}.scope`, SHORT_ID],
      [`cri-containerd-${ID}.scope`, SHORT_ID],
      [`crio-${ID}.scope`, SHORT_ID],
      [`libpod-${ID}.scope`, SHORT_ID],
      [ID, SHORT_ID],
      ['nginx.service', 'nginx.service'],
      ['plain', `tcpconn-test-${process.pid}.slice`],
    ] as const
    const { file, result } = await recordWhile({}, async () => {
      const pids: number[] = []
      for (const [name] of names) {
        pids.push((await connect('127.0.0.1', 1000, [], { under: makeCgroup(above, name).exec })).pid)
      }
      const below = makeCgroup(makeCgroup(above, `crio-${'f'.repeat(64)}.scope`), 'container')
      pids.push((await connect('127.0.0.1', 1000, [], { under: below.exec })).pid)
      return pids
    })
    expect(result.map((pid) => onlyConnectOf(file, pid).container)).toEqual([
      ...names.map(([, container]) => container),
      'f'.repeat(12),
    ])
  })
})
