import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inPrivateNamespace, makeCgroup, WITHOUT_SYS_ADMIN } from '../../support/cgroup.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { expectError } from '../../support/error-lines.js'
import { expectLimit } from '../../support/expect-limit.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { lookupsOf } from '../../support/lookups.js'
import type { NetworkNamespace } from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf, queryTrace } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

/** Cgroups that are named like containers, without a runtime. */
const UNNAMED = /\bcontainers? without a name\b/

const ADDRESS = '10.77.0.1'
const CONTAINER_ID = 'c0ffee'.padEnd(64, '0')
const OTHER_ID = 'decade'.padEnd(64, '0')

/** A container that exists before the recording, and one that starts during it. */
async function makeScene() {
  const namespace = makeAddressedNamespace()
  await startDnsmasq(namespace, [`--host-record=app.example,${ADDRESS}`])
  const above = makeCgroup()
  const cgroup = makeCgroup(above, `docker-${CONTAINER_ID}.scope`)
  return { namespace, above, cgroup, recorder: makeCgroup() }
}

async function recordScene(
  under: readonly string[],
  { namespace, above, cgroup }: Awaited<ReturnType<typeof makeScene>>,
) {
  const { file, summary, result } = await recordWhile({ args: ['--dns'], under }, async () => {
    const inside = { under: [...cgroup.exec, ...namespace.exec] }
    await lookUp([{ name: 'app.example' }], inside)
    const { pid } = await connect(ADDRESS, 80, [], inside)
    const later = makeCgroup(above, `docker-${OTHER_ID}.scope`)
    return { pid, later, laterPid: (await connect('127.0.0.1', 1000, [], { under: later.exec })).pid }
  })
  const info = (await runTool(['info', file])).stdout
  return {
    notes: summary.split('\n').filter((line) => line.startsWith('note:')),
    notSeen: info.split('\n').filter((line) => line.startsWith('  not seen') && !UNNAMED.test(line)),
    limits: queryTrace<{ limit: string }>(file, 'SELECT value AS "limit" FROM session, json_each(limits)').filter(
      ({ limit }) => !UNNAMED.test(limit),
    ),
    row: onlyConnectOf(file, result.pid),
    later: onlyConnectOf(file, result.laterPid),
    laterPath: result.later.path,
    lookups: lookupsOf(file, namespace.inode),
  }
}

describeKernel('a recorder in a private cgroup namespace', () => {
  test('records the cgroups and the lookups of the whole host (SEC-61)', async () => {
    const scene = await makeScene()
    const found = await recordScene(inPrivateNamespace(scene.recorder), scene)
    expect(found.row).toMatchObject({
      cgroup: scene.cgroup.path,
      container: CONTAINER_ID.slice(0, 12),
      dns_name: 'app.example',
    })
    expect(found.lookups).toMatchObject([{ name: 'app.example', cgroup: scene.cgroup.path }])
    expect([found.notes, found.notSeen, found.limits]).toEqual([[], [], []])
  })

  test('reports in doctor how it sees them', async () => {
    const { stdout } = await runTool(['doctor'], { under: inPrivateNamespace(makeCgroup()) })
    expect(stdout).toContain('ok  cgroup v2   the whole tree, through a private mount\n')
    expect(stdout).toContain('ok  DNS         --dns works\n')
    expect(stdout).not.toMatch(/^.. {2}container /m)
  })

  test('--cgroup accepts paths of the host', async () => {
    const cgroup = makeCgroup()
    const under = inPrivateNamespace(makeCgroup())
    const { file, result } = await recordWhile({ args: ['--cgroup', cgroup.path], under }, async () => [
      (await connect('127.0.0.1', 1000, [], { under: cgroup.exec })).pid,
      (await connect('127.0.0.1', 1000)).pid,
    ])
    expect(queryTrace(file, 'SELECT pid FROM connects')).toEqual([{ pid: result[0] }])
  })
})

describeKernel('a recorder in a private cgroup namespace, without CAP_SYS_ADMIN', () => {
  const confine = (recorder: ReturnType<typeof makeCgroup>) => [...inPrivateNamespace(recorder), ...WITHOUT_SYS_ADMIN]

  test('reports at the start and in info which cgroups have no path; new cgroups have a path (GAP-17)', async () => {
    const scene = await makeScene()
    const found = await recordScene(confine(scene.recorder), scene)
    expect(found.notes).toEqual([expect.stringContaining('sees its own cgroup only')])
    expect(found.notes[0]).toContain('--privileged (podman, docker), securityContext.privileged: true (Kubernetes)')
    expect(found.notSeen).toEqual([expect.stringContaining('sees its own cgroup only')])
    expect(found.limits).toEqual([{ limit: found.notes[0]?.replace('note: ', '') }])
    expect(found.row).toMatchObject({ cgroup: null, container: null, dns_name: null })
    expect(found.lookups).toEqual([])
    // The kernel reported the path when the cgroup was created.
    expect(found.later).toMatchObject({ cgroup: found.laterPath, container: OTHER_ID.slice(0, 12) })
  })

  test('reports it in doctor (GAP-17)', async () => {
    const { stdout, status } = await runTool(['doctor'], { under: confine(makeCgroup()) })
    expect(stdout).toMatch(/^--  container {3}this container sees its own cgroup only/m)
    expect(stdout).toMatch(/^ {16}start it with --privileged .*--cgroupns=host/m)
    expect(status).toBe(0)
  })
})

describeKernel('a recorder with another host name', () => {
  const under = ['unshare', '--uts', 'sh', '-c', 'hostname container-1 && exec "$0" "$@"']

  test('stores the name of the host in the trace', async () => {
    const { file } = await recordWhile({ under }, async () => {})
    expect(queryTrace(file, 'SELECT host FROM session')).toEqual([{ host: hostname() }])
  })
})

describeKernel('a recorder in a PID namespace of its own', () => {
  const under = ['unshare', '--pid', '--fork', '--mount-proc']

  test('reports at the start, in doctor, info and analyze what is hidden from it (GAP-16, GAP-19)', async () => {
    await expectLimit(/this container does not see the processes of the host: completeness is checked for its own/, {
      under,
      isBeginning: true,
    })
    await expectLimit(/this container does not see the files of the host: users and containers get no names/, {
      under,
      isBeginning: true,
    })
    const { stdout } = await runTool(['doctor'], { under })
    expect(stdout).toMatch(/^ {16}start it with --pid=host \(podman, docker\), hostPID: true \(Kubernetes\)$/m)
  })

  test('stores its own hostname if it also has a UTS namespace of its own, and reports it (GAP-20)', async () => {
    const renamed = ['unshare', '--uts', ...under, 'sh', '-c', 'hostname container-1 && exec "$0" "$@"']
    const limit = /this container does not see the name of the host: the trace stores the name of the container/
    const file = await expectLimit(limit, { under: renamed, isBeginning: true })
    expect(queryTrace(file, 'SELECT host FROM session')).toEqual([{ host: 'container-1' }])
  })

  test.each([
    ['--pid', '1'],
    ['--', 'true'],
  ])('refuses %s %s (GAP-21)', async (...args) => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const result = await runTool(['record', file, ...args], { under })
    expectError(result, 'E_PID_NAMESPACE')
    expect(existsSync(file)).toBe(false)
  })

  test('has no user names, unless --host-root names the directory with the accounts of the host', async () => {
    const usersOf = async (args: readonly string[]) => {
      const file = join(makeTemporaryDirectory(), 'trace.db')
      const over = new AbortController()
      const recording = runTool(['record', file, '--duration', '1s', '--port', '1000', ...args], { under })
      void recording.finally(() => over.abort())
      while (!over.signal.aborted) await connect('127.0.0.1', 1000)
      expect(await recording).toMatchObject({ status: 0 })
      return queryTrace(file, 'SELECT DISTINCT uid, user FROM connects')
    }
    expect(await usersOf([])).toEqual([{ uid: 0, user: null }])
    expect(await usersOf(['--host-root', '/'])).toEqual([{ uid: 0, user: 'root' }])
  })
})

/** Removes a namespace, and creates others until one has the same inode number: `null` if another process gets it. */
function replaceNamespace(dead: NetworkNamespace): NetworkNamespace | null {
  dead.remove()
  for (let tries = 0; tries < 10; tries++) {
    const next = makeAddressedNamespace()
    if (next.inode === dead.inode) return next
  }
  return null
}

/** A container that looks up its name, connects and ends. */
async function runContainer(dead: NetworkNamespace): Promise<number> {
  const server = await startDnsmasq(dead, [`--host-record=dead.example,${ADDRESS}`])
  await lookUp([{ name: 'dead.example' }], { under: dead.exec })
  const { pid } = await connect(ADDRESS, 80, [], { under: dead.exec })
  process.kill(server, 'SIGKILL')
  await waitUntil('the name server to end', () => !existsSync(`/proc/${server}`))
  return pid
}

describeKernel('a container that ends, and a new one whose network namespace has the same inode number', () => {
  test('are distinct in --by netns, and do not share names', async () => {
    const { file, result } = await recordWhile({ args: ['--dns'] }, async () => {
      for (let round = 0; round < 5; round++) {
        const dead = makeAddressedNamespace()
        const first = await runContainer(dead)
        const next = replaceNamespace(dead)
        if (next) return { dead, pids: [first, (await connect(ADDRESS, 80, [], { under: next.exec })).pid] as const }
      }
      throw new Error('no namespace got the inode number of a dead one')
    })
    const { dead, pids } = result
    const [first, second] = pids.map((pid) => onlyConnectOf(file, pid))
    expect(first).toMatchObject({ netns: dead.inode, dns_name: 'dead.example' })
    expect(second).toMatchObject({ netns: dead.inode, dns_name: null })
    expect(first?.netns_cookie).toBeGreaterThan(0)
    expect(second?.netns_cookie).toBeGreaterThan(0)
    expect(second?.netns_cookie).not.toBe(first?.netns_cookie)
    const { stdout } = await runTool([
      'analyze',
      'latency',
      file,
      '--by',
      'netns',
      '--dst',
      ADDRESS,
      '--outcome',
      'refused',
      '--format',
      'csv',
    ])
    const groups = stdout.trimEnd().split('\n').slice(1)
    expect(groups.map((line) => line.split(',').slice(0, 2).join())).toEqual(
      expect.arrayContaining([first, second].map((row) => `${row?.netns},${row?.netns_cookie}`)),
    )
  })
})

/** Runs a command in another root directory, with the same contents as that of the host. */
function inOtherRoot(): string[] {
  const script = `mount -t tmpfs none "$0"
    for entry in /*; do
      if [ -L "$entry" ]; then cp -P "$entry" "$0"
      elif [ -d "$entry" ]; then mkdir "$0$entry" && mount --rbind "$entry" "$0$entry"; fi
    done
    exec chroot "$0" "$@"`
  return ['unshare', '--mount', 'sh', '-c', script, makeTemporaryDirectory()]
}

describeKernel('users of attempts', () => {
  test('have names in the root directory of the host, including in the mount namespace of a service (GAP-28)', async () => {
    const { file, result } = await recordWhile({}, async () => ({
      host: (await connect('127.0.0.1', 1000)).pid,
      service: (await connect('127.0.0.1', 1000, [], { under: ['unshare', '--mount'] })).pid,
      container: (await connect('127.0.0.1', 1000, [], { under: inOtherRoot() })).pid,
    }))
    expect(onlyConnectOf(file, result.host)).toMatchObject({ uid: 0, user: 'root' })
    expect(onlyConnectOf(file, result.service)).toMatchObject({ uid: 0, user: 'root' })
    expect(onlyConnectOf(file, result.container)).toMatchObject({ uid: 0, user: null })
  })
})
