import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import { BTF_PATH } from '../../../src/record/probe/kernel-support.js'
import { expectLimit } from '../../support/expect-limit.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import {
  ABSENT_BACKEND,
  BACKEND6,
  BACKENDS,
  CLIENT,
  makeNatNetwork,
  ROUTER,
  startBackend,
} from '../../support/nat-network.js'
import {
  addSilentLink,
  makeNetworkNamespace,
  SILENT_ADDRESS,
  type NetworkNamespace,
} from '../../support/network-namespace.js'
import { run } from '../../support/process.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, onlyConnectOf, queryTrace, readSession, type ConnectRow } from '../../support/trace.js'
import { loadChains, translateTcp } from '../../support/translate.js'
import { connect, startWorkload } from '../../support/workload.js'

const NAT = { args: ['--nat'] }
const SERVICE = '10.96.0.10'
const PORT = 8080
/** A port without a listener. */
const CLOSED = 8081
const MANY = 1500
/** Minimum share of established and refused attempts whose translated destination is recorded. */
const SHARE = 0.99

/** A service as kube-proxy creates it in nftables mode: one of two backends at random. */
const PRE = 'chain pre { type nat hook prerouting priority -100;'
const OUT = 'chain out { type nat hook output priority -100;'
const CHOICE = `numgen random mod 2 map { 0: ${BACKENDS[0]}, 1: ${BACKENDS[1]} }`
const MASQUERADE = `chain post { type nat hook postrouting priority 100; oifname "to-10.90.2" masquerade; }`

function countTranslated(rows: readonly ConnectRow[], port: number): number {
  const isBackend = (address: string | null) => BACKENDS.some((backend) => backend === address)
  return rows.filter((row) => isBackend(row.nat_address) && row.nat_port === port).length
}

const natOf = ({ outcome, remote_address, nat_address, nat_port }: ConnectRow) => ({
  outcome,
  remote_address,
  nat_address,
  nat_port,
})

describeKernel('the destination of a service, with --nat', () => {
  test('is the backend that accepted the connection, for thousands to and from pods', async () => {
    const { client, router, server } = makeNatNetwork()
    loadChains(
      router,
      `${PRE} ip daddr ${SERVICE} tcp dport 80 dnat ip to ${CHOICE} : ${PORT}; ip daddr ${SERVICE} tcp dport 81 dnat ip to ${CHOICE} : ${CLOSED}; }`,
    )
    const end = await startBackend(server, PORT)
    const { file, summary, result } = await recordWhile(NAT, async () => ({
      established: await connect(SERVICE, 80, ['--count', `${MANY}`], { under: client.exec }),
      refused: await connect(SERVICE, 81, ['--count', `${MANY}`], { under: client.exec }),
    }))
    const accepted = await end()
    expect(result.established.connected).toBe(MANY)
    const [established, refused] = [connectsOf(file, result.established.pid), connectsOf(file, result.refused.pid)]
    expect(new Set(refused.map(({ outcome }) => outcome))).toEqual(new Set(['refused']))
    expect(countTranslated(established, PORT)).toBeGreaterThanOrEqual(SHARE * MANY)
    expect(countTranslated(refused, CLOSED)).toBeGreaterThanOrEqual(SHARE * MANY)
    // The server knows which of its addresses each port reached, unless the port was used twice.
    const reached = new Map(accepted.map(({ peerPort, address }) => [peerPort, address]))
    expect(reached.size).toBeGreaterThan(MANY / 2)
    const once = established.filter(
      ({ local_port }) => accepted.filter((one) => one.peerPort === local_port).length === 1,
    )
    const wrong = once.filter((row) => row.nat_address !== null && reached.get(row.local_port ?? 0) !== row.nat_address)
    expect(wrong).toEqual([])
    expect(accepted[0]?.peer).toBe(CLIENT)
    expect(summary).not.toContain('LOST')
  })

  test('is recorded if the source is translated too, and if the node itself connects', async () => {
    const { client, router, server } = makeNatNetwork()
    const rules = `ip daddr ${SERVICE} tcp dport 80 dnat ip to ${CHOICE} : ${PORT}; ip daddr ${SERVICE} tcp dport 81 dnat ip to ${CHOICE} : ${CLOSED};`
    loadChains(router, [`${PRE} ${rules} }`, `${OUT} ${rules} }`, MASQUERADE].join('\n'))
    const end = await startBackend(server, PORT)
    const { file, result } = await recordWhile(NAT, async () => {
      const pids: [number, number][] = []
      for (const { exec: under } of [client, router]) {
        for (const [port, to] of [
          [80, PORT],
          [81, CLOSED],
        ] as const) {
          const { pid } = await connect(SERVICE, port, ['--count', '500', '--threads', '2'], { under })
          pids.push([pid, to])
        }
      }
      return pids
    })
    expect((await end())[0]?.peer).toBe('10.90.2.1')
    for (const [pid, port] of result) {
      const rows = connectsOf(file, pid)
      expect(rows).toHaveLength(1000)
      expect(countTranslated(rows, port)).toBeGreaterThanOrEqual(SHARE * 1000)
    }
  })

  test('is recorded over IPv6, and in the namespace of the socket', async () => {
    const { client, router, server } = makeNatNetwork()
    loadChains(router, `${PRE} ip6 daddr fd96::10 tcp dport 80 dnat ip6 to [${BACKEND6}]:${PORT}; }`)
    translateTcp(client, [{ from: '[fd96::20]:80', to: `[${BACKEND6}]:${CLOSED}` }])
    const end = await startBackend(server, PORT)
    const { file, result } = await recordWhile(NAT, async () => [
      await connect('fd96::10', 80, [], { under: client.exec }),
      await connect('fd96::20', 80, [], { under: client.exec }),
      await connect(BACKEND6, PORT, [], { under: client.exec }),
    ])
    await end()
    expect(result.map(({ pid }) => natOf(onlyConnectOf(file, pid)))).toEqual([
      { outcome: 'established', remote_address: 'fd96::10', nat_address: BACKEND6, nat_port: PORT },
      { outcome: 'refused', remote_address: 'fd96::20', nat_address: BACKEND6, nat_port: CLOSED },
      { outcome: 'established', remote_address: BACKEND6, nat_address: null, nat_port: null },
    ])
  })

  test('may be a socket of the node, which answers without forwarding the SYN', async () => {
    const { client, router } = makeNatNetwork()
    const rule = (port: number, to: number) => `ip daddr ${SERVICE} tcp dport ${port} dnat ip to ${ROUTER}:${to};`
    loadChains(
      router,
      `${PRE} ${rule(80, PORT)} ${rule(81, CLOSED)} ip daddr 10.96.0.11 tcp dport 80 redirect to :${PORT}; }`,
    )
    const end = await startBackend(router, PORT)
    const { file, result } = await recordWhile(NAT, async () => [
      await connect(SERVICE, 80, [], { under: client.exec }),
      await connect(SERVICE, 81, [], { under: client.exec }),
      await connect('10.96.0.11', 80, [], { under: client.exec }),
    ])
    await end()
    expect(result.map(({ pid }) => natOf(onlyConnectOf(file, pid)))).toEqual([
      { outcome: 'established', remote_address: SERVICE, nat_address: ROUTER, nat_port: PORT },
      { outcome: 'refused', remote_address: SERVICE, nat_address: ROUTER, nat_port: CLOSED },
      { outcome: 'established', remote_address: '10.96.0.11', nat_address: ROUTER, nat_port: PORT },
    ])
  })

  test('is recorded if a filter drops the SYN after its translation, or if the backend does not answer', async () => {
    const { client, router } = makeNatNetwork()
    loadChains(
      router,
      `${PRE} ip daddr ${SERVICE} tcp dport 80 dnat ip to ${BACKENDS[0]}:${PORT}; ip daddr ${SERVICE} tcp dport 81 dnat ip to ${ABSENT_BACKEND}:${PORT}; }
       chain forward { type filter hook forward priority 0; ip daddr ${BACKENDS[0]} tcp dport ${PORT} drop; }`,
    )
    const { file, result } = await recordWhile(NAT, async () => [
      await connect(SERVICE, 80, ['--nonblock', '--close-after', '100'], { under: client.exec }),
      await connect(SERVICE, 81, [], { under: client.exec }),
    ])
    expect(result.map(({ pid }) => natOf(onlyConnectOf(file, pid)))).toEqual([
      { outcome: 'cancelled', remote_address: SERVICE, nat_address: BACKENDS[0], nat_port: PORT },
      { outcome: 'unreachable', remote_address: SERVICE, nat_address: ABSENT_BACKEND, nat_port: PORT },
    ])
  })

  test('is the last one of several translations', async () => {
    const { client, router, server } = makeNatNetwork()
    translateTcp(client, [{ from: '10.96.0.30:80', to: `${SERVICE}:80` }])
    loadChains(router, `${PRE} ip daddr ${SERVICE} tcp dport 80 dnat ip to 10.90.2.3:80; }\n${MASQUERADE}`)
    loadChains(server, `${PRE} ip daddr 10.90.2.3 tcp dport 80 dnat ip to 10.90.2.2:${PORT}; }`)
    const end = await startBackend(server, PORT)
    const { file, result } = await recordWhile(NAT, () => connect('10.96.0.30', 80, [], { under: client.exec }))
    await end()
    expect(natOf(onlyConnectOf(file, result.pid))).toEqual({
      outcome: 'established',
      remote_address: '10.96.0.30',
      nat_address: '10.90.2.2',
      nat_port: PORT,
    })
  })

  test('is recorded with iptables rules as of kube-proxy and Docker', async (context) => {
    skipUnless(!spawnSync('iptables', ['--version']).error, 'missing: iptables', context)
    const { client, router, server } = makeNatNetwork()
    const rules = [
      // kube-proxy: a chain for the service, one for each backend.
      '-N SVC',
      '-N SEP1',
      '-N SEP2',
      `-A PREROUTING -d ${SERVICE}/32 -p tcp -m tcp --dport 80 -j SVC`,
      `-A OUTPUT -d ${SERVICE}/32 -p tcp -m tcp --dport 80 -j SVC`,
      '-A SVC -m statistic --mode random --probability 0.5 -j SEP1',
      '-A SVC -j SEP2',
      `-A SEP1 -p tcp -m tcp -j DNAT --to-destination ${BACKENDS[0]}:${PORT}`,
      `-A SEP2 -p tcp -m tcp -j DNAT --to-destination ${BACKENDS[1]}:${PORT}`,
      // Docker: a published port.
      `-A PREROUTING -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 8443 -j DNAT --to-destination ${BACKENDS[0]}:${CLOSED}`,
      '-A POSTROUTING -o to-10.90.2 -j MASQUERADE',
    ]
    for (const rule of rules) {
      const done = await run([...router.exec, 'iptables', '-t', 'nat', ...rule.split(' ')])
      expect(done).toMatchObject({ status: 0, stderr: expect.not.stringContaining('rror') })
    }
    const end = await startBackend(server, PORT)
    const count = ['--count', '1000']
    const { file, result } = await recordWhile(NAT, async () => ({
      pod: await connect(SERVICE, 80, count, { under: client.exec }),
      node: await connect(SERVICE, 80, count, { under: router.exec }),
      published: await connect(ROUTER, 8443, count, { under: client.exec }),
    }))
    await end()
    for (const [{ pid }, port] of [
      [result.pod, PORT],
      [result.node, PORT],
      [result.published, CLOSED],
    ] as const) {
      const rows = connectsOf(file, pid)
      expect(rows).toHaveLength(1000)
      expect(countTranslated(rows, port)).toBeGreaterThanOrEqual(SHARE * 1000)
    }
  })

  test('is in info, and unknown without --nat', async () => {
    const namespace = makeNetworkNamespace()
    translateTcp(namespace, [{ from: '127.0.0.80:80', to: `127.0.0.1:${CLOSED}` }])
    const provoke = () => connect('127.0.0.80', 80, ['--count', '3'], { under: namespace.exec })
    const { file, result } = await recordWhile(NAT, provoke)
    expect(connectsOf(file, result.pid).map(({ nat_port }) => nat_port)).toEqual([CLOSED, CLOSED, CLOSED])
    expect(readSession(file)).toMatchObject({ has_nat: 1, nat_lost_count: 0 })
    const { stdout } = await runTool(['info', file])
    expect(stdout).toMatch(/^ {2}nat {11}3 attempts with a translated destination, 0 with a replaced address$/m)
    const without = await recordWhile({}, provoke)
    expect(queryTrace(without.file, 'SELECT * FROM connect_nat')).toEqual([])
    expect(readSession(without.file).has_nat).toBe(0)
    expect((await runTool(['info', without.file])).stdout).toMatch(/^ {2}nat {11}not recorded$/m)
  })
})

/** Prefix of a command on a kernel whose BTF does not describe connection tracking: the field has another name there. */
function withoutTracking(context: TestContext): string[] {
  const btf = readFileSync(BTF_PATH)
  const at = btf.indexOf('\0_nfct\0')
  skipUnless(at !== -1, 'the BTF of this kernel has no field _nfct', context)
  btf.write('x', at + 1)
  const file = join(makeTemporaryDirectory(), 'vmlinux')
  writeFileSync(file, btf)
  return ['unshare', '--mount', 'sh', '-c', `mount --bind "$0" ${BTF_PATH} && exec "$@"`, file]
}

describeKernel('--nat', () => {
  test('reports that it records no destination on a kernel whose BTF does not describe connection tracking (GAP-85)', async (context) => {
    const options = { ...NAT, under: withoutTracking(context) }
    const limit = '--nat records no translated destinations \\(nat_address\\)'
    await expectLimit(
      new RegExp(`this kernel has no connection tracking, or its BTF does not describe it: ${limit}`),
      options,
    )
    const namespace = makeNetworkNamespace()
    translateTcp(namespace, [{ from: '127.0.0.80:80', to: `127.0.0.1:${CLOSED}` }])
    const { file, result } = await recordWhile(options, () => connect('127.0.0.80', 80, [], { under: namespace.exec }))
    expect(natOf(onlyConnectOf(file, result.pid))).toMatchObject({ remote_address: '127.0.0.80', nat_address: null })
  })

  test('does not record a translation without connection tracking (GAP-88)', async () => {
    const namespace = makeNetworkNamespace()
    loadChains(
      namespace,
      'chain out { type route hook output priority 0; ip daddr 127.0.0.80 tcp dport 80 ip daddr set 127.0.0.1; }',
    )
    const { file, result } = await recordWhile(NAT, () =>
      connect('127.0.0.80', 80, ['--nonblock', '--close-after', '20'], { under: namespace.exec }),
    )
    expect(natOf(onlyConnectOf(file, result.pid))).toMatchObject({ remote_address: '127.0.0.80', nat_address: null })
  })

  test('does not record the destination of a pending attempt (GAP-89)', async () => {
    const { client, router } = makeNatNetwork()
    loadChains(router, `${PRE} ip daddr ${SERVICE} tcp dport 80 dnat ip to ${ABSENT_BACKEND}:${PORT}; }`)
    const recording = await startRecording(NAT)
    const hold = ['--nonblock', '--close-after', '60000']
    const pending = connect(SERVICE, 80, hold, { under: client.exec })
    pending.catch(() => {})
    await waitForSyn(client)
    await recording.stop()
    const rows = queryTrace<ConnectRow>(recording.file, 'SELECT * FROM connects WHERE remote_address = ?', SERVICE)
    expect(rows).toMatchObject([{ outcome: 'pending', nat_address: null, local_port: null }])
  })

  test('counts addresses that do not fit into the ring (GAP-95, SEC-86)', async () => {
    const namespace = makeNetworkNamespace()
    translateTcp(namespace, [{ from: '127.0.0.80:80', to: `127.0.0.1:${CLOSED}` }])
    const recording = await startRecording(NAT)
    process.kill(recording.pid, 'SIGSTOP')
    const count = 45_000
    const { pid } = await connect('127.0.0.80', 80, ['--count', `${count}`], { under: namespace.exec })
    process.kill(recording.pid, 'SIGCONT')
    const summary = await recording.stop()
    const [, lost] =
      /^LOST ([\d,]+) address records: nat_address and service_address may be missing$/m.exec(summary) ?? []
    const lostCount = Number(lost?.replaceAll(',', ''))
    const rows = connectsOf(recording.file, pid)
    const missing = rows.filter(({ nat_address }) => nat_address === null).length
    expect(rows).toHaveLength(count)
    expect(lostCount).toBeGreaterThan(0)
    // On a busy machine some of the others are not read in time.
    expect(missing).toBeGreaterThanOrEqual(lostCount)
    expect(readSession(recording.file)).toMatchObject({ nat_lost_count: lostCount, dns_lost_count: 0 })
    expect((await runTool(['info', recording.file])).stdout).toMatch(/^ {2}not seen {6}LOST [\d,]+ address records/m)
  })

  test('records no destination that the recorder forgot before the attempt ended (GAP-97)', async () => {
    const namespace = makeNetworkNamespace()
    addSilentLink(namespace)
    expect(await run([...namespace.exec, 'ip', 'route', 'add', SERVICE, 'dev', 'near'])).toMatchObject({ status: 0 })
    loadChains(
      namespace,
      `${OUT} ip daddr ${SERVICE} tcp dport 80 dnat ip to ${SILENT_ADDRESS}:${PORT}; ip daddr 127.80.0.0/16 tcp dport 80 dnat ip to 127.0.0.1:${CLOSED}; }`,
    )
    const recording = await startRecording(NAT)
    const { exec: under } = namespace
    const kept = await connect(SERVICE, 80, ['--nonblock', '--close-after', '100'], { under })
    const forgotten = startWorkload('connect', [SERVICE, '80', '--nonblock', '--close-after', '600000'], { under })
    await waitForSyn(namespace)
    // A SYN that is sent again would be translated again.
    loadChains(namespace, `chain guard { type filter hook output priority -200; ip daddr ${SERVICE} drop; }`)
    await forgetTranslations(namespace)
    forgotten.child.kill('SIGKILL')
    await forgotten.finished
    await recording.stop()
    expect([kept.pid, forgotten.pid].map((pid) => natOf(onlyConnectOf(recording.file, pid)))).toEqual([
      { outcome: 'cancelled', remote_address: SERVICE, nat_address: SILENT_ADDRESS, nat_port: PORT },
      { outcome: 'cancelled', remote_address: SERVICE, nat_address: null, nat_port: null },
    ])
  })

  test('records no destination if namespaces with the same addresses use the same ports at the same time (GAP-96)', async () => {
    const pods = [BACKENDS[0], BACKENDS[1]].map((backend) => {
      const { client, router } = makeNatNetwork()
      loadChains(
        router,
        `${PRE} ip daddr ${SERVICE} tcp dport 80 dnat ip to ${backend}:${PORT}; }
         chain forward { type filter hook forward priority 0; tcp dport ${PORT} drop; }`,
      )
      return client
    })
    const { file, result } = await recordWhile(NAT, () =>
      Promise.all(
        pods.map(({ exec: under }) =>
          connect(SERVICE, 80, ['--nonblock', '--close-after', '2000', '--bind-port', '5000'], { under }),
        ),
      ),
    )
    for (const { pid } of result)
      expect(onlyConnectOf(file, pid)).toMatchObject({ nat_address: null, local_port: 5000 })
  })
})

/**
 * Connects until the recorder has forgotten all earlier translations: it keeps at most 131,072 of different addresses and
 * ports. Three quarters of these attempts are from a port of their own.
 */
async function forgetTranslations({ exec: under }: NetworkNamespace): Promise<void> {
  for (let i = 1; i <= 24; i++) await connect(`127.80.0.${i}`, 80, ['--count', '10000'], { under })
}

async function waitForSyn({ exec }: NetworkNamespace): Promise<void> {
  for (;;) {
    const { stdout } = await run([...exec, 'ss', '-Htn', 'state', 'syn-sent'])
    if (stdout !== '') return
  }
}
