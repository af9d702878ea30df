import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startSlowServer } from '../../support/dns-server.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { expectDelay, lookupsOf } from '../../support/lookups.js'
import { interrupt, startLive } from '../../support/live.js'
import { recordWhile } from '../../support/recorder.js'
import { onlyConnectOf, readSession } from '../../support/trace.js'

const ADDRESS = '10.77.0.5'
const DELAY_MS = 80
const KINDS = ['resolver', 'connected', 'unconnected'] as const
const MANY_PORTS = '53,1053,2053,3053,4053,5300,5354,5353'

/** A namespace with a name server at each of these ports. */
async function makeServers(...ports: readonly number[]) {
  const namespace = makeAddressedNamespace()
  for (const port of ports) await startSlowServer(namespace, { address: ADDRESS, delayMs: DELAY_MS, port })
  return namespace
}

describeKernel('name servers at other ports', () => {
  test.each(['53,5353', MANY_PORTS])('are recorded with --dns-port %s, for all kinds of sockets', async (ports) => {
    const elapsedNs = startStopwatch()
    const { exec: under, inode } = await makeServers(53, 5353)
    const names = KINDS.flatMap((kind) => [53, 5353].map((port) => `${kind}-${port}.example`))
    const { file, result } = await recordWhile({ args: ['--dns', '--dns-port', ports] }, async () => {
      const pids: number[] = []
      for (const kind of KINDS) {
        for (const serverPort of [53, 5353]) {
          const question = { name: `${kind}-${serverPort}.example`, serverPort }
          pids.push((await lookUp([question], { kind, port: 80, under })).pid)
        }
      }
      return pids
    })
    const lookups = lookupsOf(file, inode)
    expect(lookups.map(({ name }) => name)).toEqual(names)
    for (const lookup of lookups) {
      expect(lookup.rcode, lookup.name).toBe(0)
      expectDelay(lookup, DELAY_MS, elapsedNs())
    }
    expect(result.map((pid) => onlyConnectOf(file, pid).dns_name)).toEqual(names)
    expect(readSession(file)).toMatchObject({ dns_ports: ports, dns_malformed_count: 0, dns_lost_count: 0 })
  })

  test.each([
    [[], ['53.example']],
    [['--dns-port', '5353'], ['5353.example']],
    [['--dns-port', '5354'], []],
  ])('with %j: other ports are not recorded (GAP-58)', async (args, seen) => {
    const { exec: under, inode } = await makeServers(53, 5353)
    const { file } = await recordWhile({ args: ['--dns', ...args] }, async () => {
      for (const kind of KINDS) {
        const questions = [53, 5353].map((serverPort) => ({ name: `${serverPort}.example`, serverPort }))
        await lookUp(questions, { kind, under })
      }
    })
    const names = lookupsOf(file, inode).map(({ name }) => name)
    expect(names).toEqual(KINDS.flatMap(() => seen))
    expect(readSession(file).dns_ports).toBe(args[1] ?? '53')
  })

  test('that do not answer give lookups without an answer; multicast DNS gives none (GAP-65)', async () => {
    const { exec: under, inode } = makeAddressedNamespace()
    for (const route of ['-4 route add multicast 224.0.0.0/4 dev lo', '-6 route add multicast ff02::/16 dev lo']) {
      const [program = '', ...args] = [...under, 'ip', ...route.split(' ')]
      execFileSync(program, args)
    }
    const ask = (server: string) => ({ name: `${server}.example`, server, serverPort: 5353 })
    const { file } = await recordWhile({ args: ['--dns', '--dns-port', '5353'] }, () =>
      lookUp(['224.0.0.251', 'ff02::fb', '127.0.0.1', '::1'].map(ask), { kind: 'unconnected', giveUpMs: 100, under }),
    )
    const unanswered = { rcode: null, latency_ns: null, is_truncated: null }
    expect(lookupsOf(file, inode)).toMatchObject([
      { name: '127.0.0.1.example', ...unanswered },
      { name: '::1.example', ...unanswered },
    ])
  })

  test('give names to live too', async () => {
    const { exec: under } = await makeServers(5353)
    const live = await startLive(['-d', '--dns-port', '5353'])
    const { pid } = await lookUp([{ name: 'shown.example', serverPort: 5353 }], { port: 80, under })
    const { stdout } = await interrupt(live)
    expect(stdout).toMatch(new RegExp(`^${pid} .* shown\\.example$`, 'm'))
  })
})
