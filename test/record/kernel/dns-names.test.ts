import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { lookupsOf } from '../../support/lookups.js'
import { SILENT_ADDRESS, addSilentLink, type NetworkNamespace } from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { waitForSynSent } from '../../support/syn-sent.js'
import { connectsOf, onlyConnectOf, queryTrace } from '../../support/trace.js'
import { connect, startWorkload } from '../../support/workload.js'

const ADDRESS = '10.77.0.1'
const DOCKER_ID = 'd0c4e5'.padEnd(64, '0')
const CRI_ID = 'c0ffee'.padEnd(64, '1')

/** A namespace whose name server returns the same address for each of the names. */
async function makeNamespace(...names: readonly string[]): Promise<NetworkNamespace> {
  const namespace = makeAddressedNamespace()
  await startDnsmasq(
    namespace,
    names.map((name) => `--host-record=${name},${ADDRESS}`),
  )
  return namespace
}

const connectUnder = (under: readonly string[]) => connect(ADDRESS, 80, [], { under })

describeKernel('names of attempts', () => {
  test('are those of the same network namespace, not those that others look up for the address (SEC-24)', async () => {
    const [first, second] = [await makeNamespace('first.example'), await makeNamespace('second.example')]
    const { file, result } = await recordWhile({ args: ['--dns'] }, async () => {
      await lookUp([{ name: 'first.example' }], { under: first.exec })
      await lookUp([{ name: 'second.example' }], { under: second.exec })
      const third = makeAddressedNamespace()
      return {
        first: await connectUnder(first.exec),
        second: await connectUnder(second.exec),
        elsewhere: await connectUnder(third.exec),
      }
    })
    expect(onlyConnectOf(file, result.first.pid)).toMatchObject({ dns_name: 'first.example', dns_candidates: 1 })
    expect(onlyConnectOf(file, result.second.pid)).toMatchObject({ dns_name: 'second.example', dns_candidates: 1 })
    // No process of that namespace looked up a name, and names of other namespaces do not count.
    expect(onlyConnectOf(file, result.elsewhere.pid)).toMatchObject({ dns_name: null, dns_candidates: null })
  })

  test('are those of the same container, then those of its network namespace', async () => {
    const namespace = await makeNamespace('docker.example', 'pod.example')
    const above = makeCgroup()
    const docker = makeCgroup(above, `docker-${DOCKER_ID}.scope`)
    const pod = makeCgroup(above, `cri-containerd-${CRI_ID}.scope`)
    const inside = (exec: readonly string[]) => [...exec, ...namespace.exec]
    const { file, result } = await recordWhile({ args: ['--dns'] }, async () => {
      await lookUp([{ name: 'docker.example' }], { under: inside(docker.exec) })
      await lookUp([{ name: 'pod.example' }], { under: inside(pod.exec) })
      return {
        docker: await connectUnder(inside(docker.exec)),
        pod: await connectUnder(inside(pod.exec)),
        beside: await connectUnder(inside(above.exec)),
      }
    })
    expect(onlyConnectOf(file, result.docker.pid)).toMatchObject({
      dns_name: 'docker.example',
      dns_candidates: 1,
      cgroup: docker.path,
      container: DOCKER_ID.slice(0, 12),
    })
    expect(onlyConnectOf(file, result.pod.pid)).toMatchObject({
      dns_name: 'pod.example',
      dns_candidates: 1,
      container: CRI_ID.slice(0, 12),
    })
    expect(onlyConnectOf(file, result.beside.pid)).toMatchObject({ dns_name: 'pod.example', dns_candidates: 2 })
    expect(lookupsOf(file, namespace.inode)).toMatchObject([
      { name: 'docker.example', cgroup: docker.path, container: DOCKER_ID.slice(0, 12) },
      { name: 'pod.example', cgroup: pod.path, container: CRI_ID.slice(0, 12) },
    ])
  })

  test('are the newest of several, and all matching names are counted', async () => {
    const namespace = await makeNamespace('a.example', 'b.example', 'c.example')
    const names = ['a.example', 'b.example', 'a.example', 'c.example', 'b.example']
    const { file, result } = await recordWhile({ args: ['--dns'] }, async () => {
      const { pid } = await lookUp(
        names.map((name) => ({ name })),
        { port: 80, under: namespace.exec },
      )
      return pid
    })
    const sql = 'SELECT dns_name, dns_candidates FROM connects WHERE pid = ? ORDER BY started_ns'
    expect(queryTrace(file, sql, result)).toEqual([
      { dns_name: 'a.example', dns_candidates: 1 },
      { dns_name: 'b.example', dns_candidates: 2 },
      { dns_name: 'a.example', dns_candidates: 2 },
      { dns_name: 'c.example', dns_candidates: 3 },
      { dns_name: 'b.example', dns_candidates: 3 },
    ])
  })

  test('exist for each of a thousand attempts, however soon they follow the answers', async () => {
    const namespace = makeAddressedNamespace()
    const addresses = Array.from({ length: 250 }, (_, i) => `10.77.2.${i}`)
    await startDnsmasq(
      namespace,
      addresses.map((address, i) => `--host-record=n${i}.example,${address}`),
    )
    const questions = addresses.map((_, i) => ({ name: `n${i}.example` }))
    const kinds = ['resolver', 'connected', 'unconnected', 'resolver'] as const
    const { file, result } = await recordWhile({ args: ['--dns'] }, () =>
      Promise.all(kinds.map((kind) => lookUp(questions, { kind, port: 80, under: namespace.exec }))),
    )
    const pids = result.map(({ pid }) => pid)
    const named = connectsOf(file, ...pids).map((row) => `${row.pid} ${row.remote_address} ${row.dns_name}`)
    const made = pids.flatMap((pid) => addresses.map((address, i) => `${pid} ${address} n${i}.example`))
    expect(named.toSorted()).toEqual(made.toSorted())
    expect(lookupsOf(file, namespace.inode).filter(({ latency_ns }) => latency_ns === null)).toEqual([])
    expect(lookupsOf(file, namespace.inode)).toHaveLength(kinds.length * addresses.length)
  })

  test('are those answered before the attempt began, however long it takes', async () => {
    const namespace = makeAddressedNamespace()
    addSilentLink(namespace)
    await startDnsmasq(namespace, [`--host-record=late.example,${SILENT_ADDRESS}`])
    const { exec: under, inode } = namespace
    const cancelAfter = (ms: number) => ['--nonblock', '--close-after', String(ms)]
    const { file, result } = await recordWhile({ args: ['--dns'] }, async () => {
      const before = startWorkload('connect', [SILENT_ADDRESS, '80', ...cancelAfter(1500)], { under })
      await waitForSynSent(before.pid, namespace)
      await lookUp([{ name: 'late.example' }], { under })
      await before.finished
      return { before: before.pid, after: (await connect(SILENT_ADDRESS, 80, cancelAfter(1), { under })).pid }
    })
    const [lookup] = lookupsOf(file, inode)
    const [before, after] = [onlyConnectOf(file, result.before), onlyConnectOf(file, result.after)]
    expect(before).toMatchObject({ dns_name: null, dns_candidates: null, outcome: 'cancelled' })
    expect(after).toMatchObject({ dns_name: 'late.example', outcome: 'cancelled' })
    // The attempt had not ended when the second name was answered.
    expect(lookup?.started_ns).toBeGreaterThan(0)
    expect(before.latency_ns).toBeGreaterThan(1.4e9)
  })
})
