import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { cgroupRoot, makeCgroup, type Cgroup } from '../../support/cgroup.js'
import { CAP_DAC_READ_SEARCH, waitForReader } from '../../support/container-reader.js'
import { describeKernel, skipUnlessNodeIsShared } from '../../support/kernel-tests.js'
import { findClosedPort } from '../../support/listener.js'
import { interrupt, LONGEST, waitForRows } from '../../support/live.js'
import { readThreads } from '../../support/process-status.js'
import { startRecording, type RecordingOptions } from '../../support/recorder.js'
import { startRotating } from '../../support/rotating-recorder.js'
import { runTool, startTool } from '../../support/tool.js'
import { onlyConnectOf, queryTrace, readSession } from '../../support/trace.js'
import { asGamesWith, recordAsGames } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'
import { makeNetworkNamespace, type NetworkNamespace } from '../../support/network-namespace.js'
import {
  cniFile,
  cniResult,
  criConfig,
  criFile,
  criSandbox,
  runningAt,
  dockerConfig,
  dockerFile,
  idOf,
  makeHost,
  type Host,
} from '../runtimes/make-host.js'

const NONE = '0000000000000000'
const POD_UID = '0b9f2f3e-1111-2222-3333-444455556666'
const CART = { pod: 'cart-0', namespace: 'shop', uid: POD_UID, container: 'cart', image: 'shop/cart:1.4' }
const IN_CART = {
  container_name: 'cart',
  container_image: 'shop/cart:1.4',
  pod_name: 'cart-0',
  pod_namespace: 'shop',
  pod_uid: POD_UID,
}
const WITHOUT_NAMES = { container_name: null, container_image: null, pod_name: null, pod_namespace: null }

/** A host with files of runtimes that only root may read. */
function makeRuntimes(): Host {
  const host = makeHost()
  for (const path of ['var/lib/docker', 'run/containerd']) chmodSync(host.makeDirectory(path), 0o700)
  chmodSync(host.path, 0o755)
  return host
}

async function record(host: Host, options: RecordingOptions = {}) {
  const recording = await startRecording({ ...options, args: ['--host-root', host.path, ...(options.args ?? [])] })
  return { ...recording, reader: await waitForReader(recording.pid) }
}

/** Connects once, in a new cgroup unless one is given. */
async function connectIn(cgroup: Cgroup): Promise<number> {
  return (await connect('127.0.0.1', await findClosedPort(), [], { under: cgroup.exec })).pid
}

function makeNetworkWith(...addresses: readonly string[]): NetworkNamespace {
  const network = makeNetworkNamespace()
  for (const address of addresses)
    execFileSync('ip', [...network.exec.slice(1), 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo'])
  return network
}

/** Repeats an action, at most 1,000 times, until its effect is visible. */
async function repeatUntil(isDone: () => boolean, act: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; !isDone(); tries++) {
    expect(tries).toBeLessThan(1000)
    await act()
  }
}

/** A FUSE file system of a user, without a server: other users, including root, may not even stat(2) its root. */
function mountRefusing(directory: string): void {
  const mount = 'exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=5,group_id=60 none "$0"'
  // With the newer system calls mount(8) ends with an error, because it may not open what it has mounted.
  execFileSync('bash', ['-c', mount, directory], { env: { ...process.env, LIBMOUNT_FORCE_MOUNT2: 'always' } })
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  expect(() => statSync(directory)).toThrow(/EACCES/)
}

const namesOf = (file: string, pid: number) => onlyConnectOf(file, pid) as unknown as Record<string, unknown>
/** Reads a table of a file that may be so new that it has no tables. */
function containersOf(file: string): unknown[] {
  const hasTable = queryTrace(file, "SELECT 1 FROM sqlite_schema WHERE name = 'container'").length > 0
  return hasTable ? queryTrace(file, 'SELECT container_name FROM container') : []
}

const limitsOf = (file: string) =>
  queryTrace<{ text: string }>(file, 'SELECT value AS text FROM session, json_each(limits)').map(({ text }) => text)

/** Starts containers one after the other, with one connect each. Uses builtins of the shell, and mkdir(1). */
const START_CONTAINERS = `
  cd "$0"
  for ((i = 0; i < 1000; i++)); do
    printf -v id 'cc%062x' "$i"
    mkdir "$id"
    echo $$ >"$id/cgroup.procs"
    : 2>/dev/null >"/dev/tcp/127.0.0.1/$1"
  done 2>/dev/null
  echo $$ >"$2/cgroup.procs"`

describeKernel('names of containers', () => {
  test('under sudo, a process with one capability, in one thread, reads them (SEC-90)', async () => {
    const host = makeRuntimes()
    const { reader, ...recording } = await record(host, recordAsGames())
    const [main, ...others] = readThreads(reader)
    expect(main).toMatchObject({ Uid: '5 5 5 5', Gid: '60 60 60 60', NoNewPrivs: '1', CapInh: NONE, CapAmb: NONE })
    expect(main).toMatchObject({ CapEff: CAP_DAC_READ_SEARCH, CapPrm: CAP_DAC_READ_SEARCH })
    expect(others.length).toBeGreaterThan(0)
    for (const thread of others) expect(thread).toMatchObject({ Uid: '5 5 5 5', CapEff: NONE, CapPrm: NONE })
    host.write(dockerFile(idOf(1)), dockerConfig('web'))
    const pid = await connectIn(makeCgroup(makeCgroup(), `docker-${idOf(1)}.scope`))
    await recording.stop()
    const expected = { container_id: idOf(1), container_name: 'web', container_image: 'nginx:1.27', pod_name: null }
    expect(namesOf(recording.file, pid)).toMatchObject(expected)
    expect(existsSync(`/proc/${reader}/exe`)).toBe(false)
  })

  test('as root without sudo, a process of the user nobody with the same capability reads them (SEC-90)', async () => {
    const { reader, ...recording } = await record(makeRuntimes())
    expect(readThreads(reader)[0]).toMatchObject({ Uid: '65534 65534 65534 65534', CapPrm: CAP_DAC_READ_SEARCH })
    await recording.stop()
  })

  test('exist for pods that existed before, that are new, and that are removed before a file is read', async () => {
    const host = makeRuntimes()
    const pod = makeCgroup(makeCgroup(), `pod${POD_UID}`)
    const before = makeCgroup(pod, idOf(1))
    host.write(criFile(idOf(1)), criConfig(CART))
    const { reader, ...recording } = await record(host)
    expect(reader).toBeGreaterThan(0)
    host.write(criFile(idOf(2)), criConfig({ ...CART, container: 'sidecar' }))
    host.write(`var/log/containers/cart-0_shop_job-${idOf(3)}.log`, '')
    const pids = [await connectIn(before), await connectIn(makeCgroup(pod, idOf(2)))]
    pids.push(await connectIn(makeCgroup(pod, idOf(3))), await connectIn(makeCgroup(pod, idOf(4))))
    await recording.stop()
    const rows = pids.map((pid) => namesOf(recording.file, pid))
    expect(rows).toMatchObject([
      { ...IN_CART, container_id: idOf(1) },
      { ...IN_CART, container_id: idOf(2), container_name: 'sidecar' },
      { ...IN_CART, container_id: idOf(3), container_name: 'job', container_image: null },
      { ...WITHOUT_NAMES, container_id: idOf(4), pod_uid: POD_UID },
    ])
  })

  test('that no file contains are counted: record and info report it (GAP-91)', async () => {
    const above = makeCgroup()
    const { reader, ...recording } = await record(makeRuntimes(), { args: ['--cgroup', above.path] })
    expect(reader).toBeGreaterThan(0)
    for (const number of [1, 2]) await connectIn(makeCgroup(above, `docker-${idOf(number)}.scope`))
    const expected = '2 containers without a name: no readable file of a runtime, and no log of kubelet, names it'
    expect(await recording.stop()).toContain(`${expected}\n`)
    expect(limitsOf(recording.file)).toContain(expected)
    expect((await runTool(['info', recording.file])).stdout).toContain(`  not seen      ${expected}`)
  })

  test('do not change if a container is renamed and started again (GAP-92)', async () => {
    const host = makeRuntimes()
    const above = makeCgroup()
    const { reader, ...recording } = await record(host, { args: ['--cgroup', above.path] })
    expect(reader).toBeGreaterThan(0)
    host.write(dockerFile(idOf(1)), dockerConfig('first'))
    const first = await connectIn(makeCgroup(above, `docker-${idOf(1)}.scope`))
    const named = () =>
      queryTrace(recording.file, 'SELECT 1 FROM container WHERE container_name IS NOT NULL').length > 0
    await waitUntil('the name', named)
    host.write(dockerFile(idOf(1)), dockerConfig('second'))
    const second = await connectIn(makeCgroup(makeCgroup(above), `docker-${idOf(1)}.scope`))
    host.write(dockerFile(idOf(2)), dockerConfig('first'))
    const other = await connectIn(makeCgroup(above, `docker-${idOf(2)}.scope`))
    await recording.stop()
    const names = [first, second, other].map((pid) => namesOf(recording.file, pid))
    expect(names.map((row) => [row.container_id, row.container_name])).toEqual([
      [idOf(1), 'first'],
      [idOf(1), 'first'],
      [idOf(2), 'first'],
    ])
    expect(queryTrace(recording.file, 'SELECT count(*) AS n FROM container')).toEqual([{ n: 2 }])
  })

  test('of LXC and systemd-nspawn come from the path', async () => {
    const above = makeCgroup()
    const { reader, ...recording } = await record(makeRuntimes(), { args: ['--cgroup', above.path] })
    expect(reader).toBeGreaterThan(0)
    const lxc = await connectIn(makeCgroup(above, 'lxc.payload.web-1'))
    const machine = makeCgroup(above, 'machine-db\\x2d1.scope')
    const nspawn = await connectIn(makeCgroup(machine, 'payload'))
    await recording.stop()
    expect(namesOf(recording.file, lxc)).toMatchObject({ container_id: 'web-1', container_name: 'web-1' })
    expect(namesOf(recording.file, nspawn)).toMatchObject({ container_id: 'db-1', container_name: 'db-1' })
    expect(queryTrace(recording.file, 'SELECT runtime_name FROM container ORDER BY 1')).toEqual([
      { runtime_name: 'lxc' },
      { runtime_name: 'systemd-nspawn' },
    ])
  })

  test('are read although another container has a file that would block a reader (SEC-93)', async () => {
    const host = makeRuntimes()
    const { reader, ...recording } = await record(host)
    expect(reader).toBeGreaterThan(0)
    const above = makeCgroup()
    host.makeDirectory(`var/lib/docker/containers/${idOf(1)}`)
    execFileSync('mkfifo', [join(host.path, dockerFile(idOf(1)))])
    host.write(dockerFile(idOf(2)), '['.repeat(200_000))
    host.write(dockerFile(idOf(3)), dockerConfig('web'))
    const pids = []
    for (const number of [1, 2, 3]) pids.push(await connectIn(makeCgroup(above, `docker-${idOf(number)}.scope`)))
    await recording.stop()
    const names = pids.map((pid) => namesOf(recording.file, pid).container_name)
    expect(names).toEqual([null, null, 'web'])
  })

  test('are read although another container has a home directory whose file system refuses everything (SEC-98)', async () => {
    const host = makeRuntimes()
    host.write('etc/passwd', 'games:x:5:60::/home/games:/bin/sh\n')
    mountRefusing(host.makeDirectory('home/games'))
    const above = makeCgroup()
    const manager = makeCgroup(makeCgroup(above, 'user@5.service'), `docker-${idOf(1)}.scope`)
    host.write(dockerFile(idOf(1)), dockerConfig('web'))
    const own = makeCgroup(above, `docker-${idOf(1)}.scope`)
    const { reader, ...recording } = await record(host, { args: ['--container', 'web'] })
    const pids = [await connectIn(own), await connectIn(manager)]
    expect(existsSync(`/proc/${reader}/exe`)).toBe(true)
    await recording.stop()
    expect(namesOf(recording.file, pids[0] as number).container_name).toBe('web')
  })

  test('are in each file of a rotation', async () => {
    const host = makeRuntimes()
    host.write(dockerFile(idOf(1)), dockerConfig('web'))
    const above = makeCgroup()
    const cgroup = makeCgroup(above, `docker-${idOf(1)}.scope`)
    const args = ['--rotate', '1s', '--host-root', host.path, '--cgroup', above.path]
    const recording = await startRotating({ args })
    await waitForReader(recording.pid)
    const namesOfFiles = () => recording.files().flatMap(containersOf)
    await repeatUntil(
      () => namesOfFiles().length >= 3,
      () => connectIn(cgroup),
    )
    await recording.stop()
    const named = namesOfFiles()
    expect(new Set(named.map((row) => JSON.stringify(row)))).toEqual(new Set(['{"container_name":"web"}']))
  })

  test('are read despite signals, and by another process after the reader ends', async () => {
    const host = makeRuntimes()
    const { reader, ...recording } = await record(host)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.kill(reader, signal)
    const above = makeCgroup()
    host.write(dockerFile(idOf(1)), dockerConfig('web'))
    const first = await connectIn(makeCgroup(above, `docker-${idOf(1)}.scope`))
    await waitUntil(
      'the name',
      () => queryTrace(recording.file, 'SELECT 1 FROM container WHERE container_name = ?', 'web').length > 0,
    )
    expect(readThreads(reader)[0]?.State).toMatch(/^[SR]/)
    process.kill(reader, 'SIGKILL')
    await waitUntil('its end', () => !existsSync(`/proc/${reader}/exe`))
    host.write(dockerFile(idOf(2)), dockerConfig('later'))
    const second = await connectIn(makeCgroup(above, `docker-${idOf(2)}.scope`))
    expect(await waitForReader(recording.pid)).not.toBe(reader)
    expect(await recording.stop()).not.toContain('reads names of containers')
    expect([first, second].map((pid) => namesOf(recording.file, pid).container_name)).toEqual(['web', 'later'])
  })

  test('are no longer read when the reader has ended for good, under sudo the second one: record and info print it (GAP-93)', async () => {
    const host = makeRuntimes()
    const { reader, ...recording } = await record(host, recordAsGames())
    process.kill(reader, 'SIGKILL')
    await waitUntil('its end', () => !existsSync(`/proc/${reader}/exe`))
    const spare = await waitForReader(recording.pid)
    expect(readThreads(spare)[0]).toMatchObject({ Uid: '5 5 5 5', CapPrm: CAP_DAC_READ_SEARCH })
    process.kill(spare, 'SIGKILL')
    await waitUntil('its end', () => !existsSync(`/proc/${spare}/exe`))
    host.write(dockerFile(idOf(2)), dockerConfig('later'))
    const unnamed = await connectIn(makeCgroup(makeCgroup(), `docker-${idOf(2)}.scope`))
    const expected = 'the process that reads names of containers ended early: later containers have no names'
    expect(await recording.stop()).toContain(`${expected}\n`)
    expect(limitsOf(recording.file)).toContain(expected)
    expect(namesOf(recording.file, unnamed).container_name).toBeNull()
  })

  test('of the container or pod that has the destination, but not for containers and namespaces with networks of their own (GAP-100)', async () => {
    const host = makeRuntimes()
    const above = makeCgroup()
    const network = makeNetworkWith('198.51.100.7', '198.51.100.8')
    host.write(criFile(idOf(1)), criSandbox(CART))
    host.write(cniFile(idOf(1)), cniResult(idOf(1), '198.51.100.7'))
    host.write(dockerFile(idOf(2)), { ...dockerConfig('web'), ...runningAt('198.51.100.8') })
    makeCgroup(makeCgroup(above, `pod${POD_UID}`), idOf(1))
    const web = makeCgroup(above, `docker-${idOf(2)}.scope`)
    const { reader, ...recording } = await record(host, { args: ['--cgroup', above.path] })
    expect(reader).toBeGreaterThan(0)
    const connectTo = async (address: string, { exec }: Cgroup) =>
      (await connect(address, 9, [], { under: [...exec, ...network.exec] })).pid
    const hasOwners = () =>
      queryTrace(recording.file, "SELECT 1 FROM sqlite_schema WHERE name = 'container_address'").length > 0 &&
      queryTrace(recording.file, 'SELECT 1 FROM container_address').length === 2
    await repeatUntil(hasOwners, async () => {
      for (const address of ['198.51.100.7', '198.51.100.8']) await connectTo(address, web)
    })
    const other = makeCgroup(above, `docker-${idOf(4)}.scope`)
    const pids = []
    for (const cgroup of [other, above])
      for (const address of ['198.51.100.7', '198.51.100.8']) pids.push(await connectTo(address, cgroup))
    const nested = makeCgroup(web, `docker-${idOf(3)}.scope`)
    for (const cgroup of [web, nested]) pids.push(await connectTo('198.51.100.8', cgroup))
    await recording.stop()
    const rows = pids.map((pid) => namesOf(recording.file, pid))
    expect(rows.map((row) => [row.container_name, row.remote_container, row.remote_pod])).toEqual([
      [null, null, 'shop/cart-0'],
      [null, 'web', null],
      [null, null, null],
      [null, null, null],
      ['web', null, null],
      [null, null, null],
    ])
  })

  test('of a stopped container of LXC are not those of its address, which another container has then (GAP-100)', async () => {
    const host = makeRuntimes()
    const above = makeCgroup()
    const network = makeNetworkWith('198.51.100.7')
    host.write('var/lib/lxc/db/config', 'lxc.net.0.ipv4.address = 198.51.100.7/24\n')
    host.write(dockerFile(idOf(1)), dockerConfig('web'))
    const lxc = makeCgroup(above, 'lxc.payload.db')
    const web = makeCgroup(above, `docker-${idOf(1)}.scope`)
    const { reader, ...recording } = await record(host, { args: ['--cgroup', above.path] })
    expect(reader).toBeGreaterThan(0)
    const connectOnce = () => connect('198.51.100.7', 9, [], { under: [...web.exec, ...network.exec] })
    const owners = () =>
      queryTrace<{ name: string }>(
        recording.file,
        'SELECT DISTINCT remote_container AS name FROM connects WHERE remote_container IS NOT NULL ORDER BY 1',
      ).map(({ name }) => name)
    const connectUntil = (expected: readonly string[]) =>
      repeatUntil(() => JSON.stringify(owners()) === JSON.stringify(expected), connectOnce)
    await connectOnce()
    await waitUntil('the first row', () => containersOf(recording.file).length > 0)
    await connectUntil(['db'])
    rmdirSync(lxc.directory)
    host.write(dockerFile(idOf(1)), { ...dockerConfig('web'), ...runningAt('198.51.100.7') })
    await connectUntil(['db', 'web'])
    const last = (await connectOnce()).pid
    await recording.stop()
    expect(namesOf(recording.file, last).remote_container).toBe('web')
  })

  test('of the owners of addresses end if the reader hangs, and are known again when it answers: record and info print it (GAP-101)', async () => {
    const host = makeRuntimes()
    const above = makeCgroup()
    const network = makeNetworkNamespace()
    execFileSync('ip', [...network.exec.slice(1), 'ip', 'address', 'add', '198.51.100.8/32', 'dev', 'lo'])
    host.write(dockerFile(idOf(1)), { ...dockerConfig('web'), ...runningAt('198.51.100.8') })
    const web = makeCgroup(above, `docker-${idOf(1)}.scope`)
    const { reader, ...recording } = await record(host, { args: ['--cgroup', above.path] })
    const connectOnce = async () =>
      (await connect('198.51.100.8', 9, [], { under: [...web.exec, ...network.exec] })).pid
    const ends = () => {
      const hasTable =
        queryTrace(recording.file, "SELECT 1 FROM sqlite_schema WHERE name = 'container_address'").length > 0
      return hasTable
        ? queryTrace<{ until_ns: number | null }>(recording.file, 'SELECT until_ns FROM container_address')
        : []
    }
    await connectOnce()
    await waitUntil('the span', () => ends().length === 1 && ends()[0]?.until_ns === null)
    process.kill(reader, 'SIGSTOP')
    await waitUntil('its end', () => ends()[0]?.until_ns !== null)
    const unowned = await connectOnce()
    await waitUntil(
      'the row',
      () => queryTrace(recording.file, 'SELECT 1 FROM connects WHERE pid = ?', unowned).length > 0,
    )
    expect(namesOf(recording.file, unowned).remote_container).toBeNull()
    process.kill(reader, 'SIGCONT')
    await waitUntil('the span again', () => ends()[0]?.until_ns === null)
    const expected = 'the process that reads names of containers did not check their addresses for 5 s or longer'
    expect(await recording.stop()).toContain(expected)
    expect(limitsOf(recording.file).filter((limit) => limit.includes(expected))).toHaveLength(1)
    expect((await runTool(['info', recording.file])).stdout).toContain(`  not seen      ${expected}`)
  })

  test('of the owners of addresses are missing if the file is too large: record, info and analyze print it (GAP-102)', async () => {
    const host = makeHost()
    const above = makeCgroup()
    const network = makeNetworkWith('198.51.100.7', '198.51.100.8')
    host.write(criFile(idOf(1)), criSandbox(CART))
    const filler = 'x'.repeat(256 * 1024)
    host.write(cniFile(idOf(1)), { ...cniResult(idOf(1), '198.51.100.7'), filler })
    host.write(dockerFile(idOf(2)), { ...dockerConfig('web'), ...runningAt('198.51.100.8') })
    makeCgroup(makeCgroup(above, `pod${POD_UID}`), idOf(1))
    const web = makeCgroup(above, `docker-${idOf(2)}.scope`)
    const { reader, ...recording } = await record(host, { args: ['--cgroup', above.path] })
    expect(reader).toBeGreaterThan(0)
    const connectTo = (address: string, { exec }: Cgroup) =>
      connect(address, 9, [], { under: [...exec, ...network.exec] })
    const owners = () => queryTrace(recording.file, "SELECT 1 FROM connects WHERE remote_container = 'web'").length
    const other = makeCgroup(above, `docker-${idOf(3)}.scope`)
    await repeatUntil(
      () => owners() > 0,
      async () => {
        for (const address of ['198.51.100.7', '198.51.100.8']) await connectTo(address, other)
        await connectTo('198.51.100.8', web)
      },
    )
    const unowned = (await connectTo('198.51.100.7', other)).pid
    const summary = await recording.stop()
    expect(namesOf(recording.file, unowned).remote_pod).toBeNull()
    const expected = `too large to be read: 1 file with addresses of containers, like /${cniFile(idOf(1))}; remote_container and remote_pod may be missing`
    expect(summary).toContain(`${expected}\n`)
    expect(limitsOf(recording.file)).toContain(expected)
    expect((await runTool(['info', recording.file])).stdout).toContain(`  not seen      ${expected}\n`)
    expect((await runTool(['analyze', 'top-endpoints', recording.file])).stdout).toContain(`\n${expected}\n`)
  })

  test('are given up if the reader process hangs: it is reported, and no process remains (GAP-93)', async () => {
    const above = makeCgroup()
    const { reader, ...recording } = await record(makeRuntimes(), { args: ['--cgroup', above.path] })
    process.kill(reader, 'SIGSTOP')
    const cgroup = makeCgroup(above, `docker-${idOf(1)}.scope`)
    const pid = await connectIn(cgroup)
    const stopped = recording.stop()
    await waitUntil('the first row', () => queryTrace(recording.file, 'SELECT 1 FROM connects').length > 0)
    const expected = 'the process that reads names of containers did not answer in 10 s: a file system may hang'
    const text = await stopped
    expect(text).toContain(`${expected}\n1 container without a name\n`)
    expect(limitsOf(recording.file)).toEqual(expect.arrayContaining([expected, '1 container without a name']))
    await waitUntil('the end of the reader', () => !existsSync(`/proc/${reader}/exe`))
    expect(namesOf(recording.file, pid).container_name).toBeNull()
  })

  test('of a thousand containers in a few seconds are recorded, and no attempt is lost', async () => {
    const host = makeRuntimes()
    for (let i = 0; i < 1000; i++) host.write(dockerFile(idOf(i)), dockerConfig(`web-${i}`))
    const above = makeCgroup(makeCgroup(), 'docker')
    const { reader, ...recording } = await record(host, { args: ['--cgroup', above.path] })
    expect(reader).toBeGreaterThan(0)
    execFileSync('bash', ['-c', START_CONTAINERS, above.directory, String(await findClosedPort()), cgroupRoot()])
    await recording.stop()
    for (let i = 0; i < 1000; i++) rmdirSync(join(above.directory, idOf(i)))
    const sql =
      'SELECT count(*) AS attempts, count(DISTINCT container_id) AS ids, count(container_name) AS named FROM connects'
    expect(queryTrace(recording.file, sql)).toEqual([{ attempts: 1000, ids: 1000, named: 1000 }])
    const names = queryTrace<{ name: string }>(recording.file, 'SELECT DISTINCT container_name AS name FROM connects')
    expect(names).toHaveLength(1000)
    expect(readSession(recording.file)).toMatchObject({ lost_ring_full_count: 0, lost_map_full_count: 0 })
  })

  test('select what is recorded: the kernel drops other containers, and those that start later (GAP-94)', async () => {
    const host = makeRuntimes()
    const pod = makeCgroup(makeCgroup(), `pod${POD_UID}`)
    const [inside, outside] = [makeCgroup(pod, idOf(1)), makeCgroup(pod, idOf(2))]
    host.write(criFile(idOf(1)), criConfig(CART))
    host.write(criFile(idOf(2)), criConfig({ ...CART, pod: 'other' }))
    const { reader, ...recording } = await record(host, { args: ['--pod', 'shop/cart-0'] })
    expect(reader).toBeGreaterThan(0)
    host.write(criFile(idOf(3)), criConfig(CART))
    const later = makeCgroup(pod, idOf(3))
    const pids = [await connectIn(inside), await connectIn(makeCgroup(inside, 'nested'))]
    for (const cgroup of [outside, later]) await connectIn(cgroup)
    await recording.stop()
    const rows = queryTrace<{ pid: number; pod_name: string }>(recording.file, 'SELECT pid, pod_name FROM connects')
    expect(rows.map((row) => [row.pid, row.pod_name])).toEqual(pids.map((pid) => [pid, 'cart-0']))
    const gone = await runTool(['record', '--host-root', host.path, '--container', 'gone'])
    expect([gone.status, gone.stderr]).toEqual([2, expect.stringContaining('--container')])
  })

  test('leave no process behind if the recorder is killed', async () => {
    const { reader, pid, finished } = await record(makeRuntimes())
    process.kill(pid, 'SIGKILL')
    await finished
    await waitUntil('the end of the reader', () => !existsSync(`/proc/${reader}/exe`))
  })

  test('of others are missing without CAP_DAC_READ_SEARCH: record and doctor report it (GAP-90)', async (context) => {
    skipUnlessNodeIsShared(context)
    const host = makeRuntimes()
    const under = asGamesWith(['bpf', 'perfmon'])
    const { file } = recordAsGames()
    const recording = await startRecording({ file, under, args: ['--host-root', host.path] })
    host.write(dockerFile(idOf(1)), dockerConfig('web'))
    const pid = await connectIn(makeCgroup(makeCgroup(), `docker-${idOf(1)}.scope`))
    const expected = 'CAP_DAC_READ_SEARCH is missing: only containers whose files this user may read have names'
    expect(await recording.stop()).toContain(`note: ${expected}\n`)
    expect(namesOf(file, pid)).toMatchObject({ container_id: idOf(1), container_name: null })
    const { stdout } = await runTool(['doctor', '--host-root', host.path], { under })
    expect(stdout).toContain(`--  names       ${expected}`)
  })

  test('are shown by live, also in full', async () => {
    const host = makeRuntimes()
    host.write(criFile(idOf(1)), criConfig(CART))
    const cgroup = makeCgroup(makeCgroup(makeCgroup(), `pod${POD_UID}`), idOf(1))
    const live = startTool(['live', ...LONGEST, '--json', '--host-root', host.path])
    await waitForRows(live)
    await waitForReader(live.pid)
    const isNamed = async () => {
      await connectIn(cgroup)
      return live.output().includes('"container_name":"cart"')
    }
    while (!(await isNamed()));
    const { stdout } = await interrupt(live)
    const row = stdout.split('\n').find((line) => line.includes('"container_name":"cart"')) ?? '{}'
    expect(JSON.parse(row)).toMatchObject({ ...IN_CART, container_id: idOf(1) })
  })
})
