import { expect, test, type TestContext } from 'vitest'
import { makeCgroup, type Cgroup } from '../../support/cgroup.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { interrupt, LONGEST, waitForRows } from '../../support/live.js'
import { addSilentLink, SILENT_ADDRESS } from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { redirectConnects, SERVICE } from '../../support/redirect-connects.js'
import { queryAll, startRotating } from '../../support/rotating-recorder.js'
import { waitForSynSent } from '../../support/syn-sent.js'
import { runTool, startTool } from '../../support/tool.js'
import { connectsOf, onlyConnectOf, readSession, type ConnectRow } from '../../support/trace.js'
import { translateTcp } from '../../support/translate.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, startWorkload } from '../../support/workload.js'

/** Exit status of test/workload/io-uring if the kernel refuses io_uring. */
const UNSUPPORTED = 77
const NAT = { args: ['--nat'] }
/** A port without a listener. */
const BACKEND_PORT = 8080
const { ipv4, ipv6, port: SERVICE_PORT } = SERVICE

/** A pod whose connects to the service go to a backend on loopback. */
function makePod(port = BACKEND_PORT): { cgroup: Cgroup; under: readonly string[]; exec: readonly string[] } {
  const cgroup = makeCgroup()
  redirectConnects(cgroup, port)
  const { exec } = makeAddressedNamespace()
  return { cgroup, exec, under: [...cgroup.exec, ...exec] }
}

const addressesOf = (row: ConnectRow) => ({
  remote: [row.remote_address, row.remote_port],
  service: [row.service_address, row.service_port],
  nat: row.nat_address,
})

describeKernel('a service whose address a BPF program replaces in connect(2), with --nat', () => {
  test('is recorded as service_address, over IPv4, IPv6 and mapped', async () => {
    const { under } = makePod()
    const addresses = [ipv4, ipv6, `::ffff:${ipv4}`, '127.0.0.1', '0.0.0.0']
    const { file, result } = await recordWhile(NAT, async () => {
      const pids: number[] = []
      for (const address of addresses) {
        const port = address === '127.0.0.1' || address === '0.0.0.0' ? BACKEND_PORT : SERVICE_PORT
        pids.push((await connect(address, port, [], { under })).pid)
      }
      return pids
    })
    const replaced = { remote: ['127.0.0.1', BACKEND_PORT], service: [ipv4, SERVICE_PORT], nat: null }
    const asIs = { remote: ['127.0.0.1', BACKEND_PORT], service: [null, null], nat: null }
    expect(result.map((pid) => addressesOf(onlyConnectOf(file, pid)))).toEqual([
      replaced,
      { remote: ['::1', BACKEND_PORT], service: [ipv6, SERVICE_PORT], nat: null },
      replaced,
      asIs,
      asIs,
    ])
  })

  test('is recorded for thousands of attempts of several threads, established and refused', async () => {
    const { under, exec } = makePod()
    const acceptor = startWorkload('acceptor', ['127.0.0.1', `${BACKEND_PORT}`], { under: exec })
    await waitUntil('the acceptor', () => acceptor.output())
    const many = ['--count', '1000', '--threads', '3']
    const { file, result } = await recordWhile(NAT, async () => {
      const established = await connect(ipv4, SERVICE_PORT, many, { under })
      acceptor.child.stdin.end()
      await acceptor.finished
      return [established, await connect(ipv4, SERVICE_PORT, many, { under })]
    })
    for (const { pid } of result) {
      const rows = connectsOf(file, pid)
      expect(rows).toHaveLength(3000)
      expect(rows.filter((row) => row.service_address !== ipv4)).toEqual([])
    }
    expect(readSession(file)).toMatchObject({ has_nat: 1, nat_lost_count: 0 })
    expect((await runTool(['info', file])).stdout).toMatch(
      /^ {2}nat {11}0 attempts .*, 6,000 with a replaced address$/m,
    )
  })

  test('has its DNS name, and the backend that connection tracking chose', async () => {
    const { under, exec } = makePod()
    const namespace = { exec, inode: 0, remove() {} }
    translateTcp(namespace, [{ from: `127.0.0.1:${BACKEND_PORT}`, to: '127.0.0.1:8081' }])
    await startDnsmasq(namespace, [`--host-record=redis.example,${ipv4}`])
    const ask = () => lookUp([{ name: 'redis.example' }], { port: SERVICE_PORT, under })
    const { file, summary, result } = await recordWhile({ args: ['--nat', '--dns'] }, ask)
    expect(onlyConnectOf(file, result.pid)).toMatchObject({
      remote_address: '127.0.0.1',
      remote_port: BACKEND_PORT,
      service_address: ipv4,
      nat_address: '127.0.0.1',
      nat_port: 8081,
      dns_name: 'redis.example',
    })
    // Without --nat this is a limit of the recording (GAP-29).
    expect(summary).not.toContain('may redirect')
    const without = await recordWhile({ args: ['--dns'] }, ask)
    expect(onlyConnectOf(without.file, without.result.pid)).toMatchObject({ service_address: null, dns_name: null })
    expect(without.summary).toContain('BPF programs may redirect connect(2)')
  })

  test('is unknown for a connect through io_uring (GAP-87)', async (context: TestContext) => {
    const { under } = makePod()
    const { file, result } = await recordWhile(
      NAT,
      () => startWorkload('io-uring', [ipv4, `${SERVICE_PORT}`, 'worker'], { under }).finished,
    )
    skipUnless(result.status !== UNSUPPORTED, `io_uring is disabled here: ${result.stderr.trim()}`, context)
    expect(addressesOf(onlyConnectOf(file, result.pid))).toMatchObject({
      remote: ['127.0.0.1', BACKEND_PORT],
      service: [null, null],
    })
  })

  test('is shown by live: as columns, and in JSON', async () => {
    const { under } = makePod()
    for (const args of [[], ['--json']]) {
      const live = startTool(['live', ...LONGEST, '--nat', '--wide', ...args])
      if (args.length === 0) await waitUntil('the headings', () => /NAT +SERVICE/.test(live.output()))
      else await waitForRows(live)
      const { pid } = await connect(ipv4, SERVICE_PORT, [], { under })
      const line = await waitUntil('the row', () => live.output().match(new RegExp(`^.*\\b${pid}\\b.*$`, 'm'))?.[0])
      await interrupt(live)
      if (args.length === 0) expect(line).toMatch(new RegExp(` - +${ipv4}:${SERVICE_PORT}\\s*$`))
      else expect(JSON.parse(line)).toMatchObject({ service_address: ipv4, service_port: SERVICE_PORT, nat_port: null })
    }
  })

  test('is recorded for an attempt that ends in the next file of a rotation', async () => {
    const { cgroup } = makePod(BACKEND_PORT)
    const silent = makeAddressedNamespace()
    addSilentLink(silent)
    translateTcp(silent, [{ from: `127.0.0.1:${BACKEND_PORT}`, to: `${SILENT_ADDRESS}:80` }])
    const recording = await startRotating({ args: ['--rotate', '1s', '--nat'] })
    const under = [...cgroup.exec, ...silent.exec]
    const waiting = startWorkload('connect', [ipv4, `${SERVICE_PORT}`], { under })
    await waitForSynSent(waiting.pid, silent)
    const began = recording.files().length
    await waitUntil('the next file', () => recording.files().length > began)
    waiting.child.kill('SIGKILL')
    await waiting.finished
    await recording.stop()
    const select = 'SELECT service_address, nat_address FROM connects WHERE pid = ?'
    expect(queryAll<object>(recording.files(), select, waiting.pid)).toEqual([
      { service_address: ipv4, nat_address: SILENT_ADDRESS },
    ])
  })
})
