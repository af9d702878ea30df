import { expect, test } from 'vitest'
import { lookUp, type ClientKind, type Question } from '../../support/dns-client.js'
import { makeAddressedNamespace, startSlowServer } from '../../support/dns-server.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { expectDelay, lookupsOf } from '../../support/lookups.js'
import { run } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { onlyConnectOf, readSession } from '../../support/trace.js'
import { DOCKER_RESOLVER, translateDocker, translateUdp } from '../../support/translate.js'
import { runWorkload } from '../../support/workload.js'

const ADDRESS = '10.77.0.5'
const DELAY_MS = 80
const NEVER_MS = 1e6
const KINDS = ['resolver', 'connected', 'unconnected'] as const
const { address: DOCKER, port: DOCKER_PORT } = DOCKER_RESOLVER

/** A container with the resolver of Docker. */
async function makeContainer(delayMs: number) {
  const namespace = makeAddressedNamespace()
  translateDocker(namespace)
  await startSlowServer(namespace, { address: ADDRESS, delayMs, listen: DOCKER, port: DOCKER_PORT })
  return namespace
}

/** Looks up a different name with each kind of socket, and connects to the answer. */
async function askAll(kinds: readonly ClientKind[], question: Omit<Question, 'name'>, under: readonly string[]) {
  const pids: number[] = []
  for (const kind of kinds) {
    const { pid } = await lookUp([{ ...question, name: `${kind}.example` }], { kind, port: 80, giveUpMs: 500, under })
    pids.push(pid)
  }
  return pids
}

/** Each answer came after the delay of the server. */
function expectAnswered(
  { file, result: pids }: { file: string; result: readonly number[] },
  inode: number,
  names: readonly string[],
  elapsedNs: number,
): void {
  const lookups = lookupsOf(file, inode)
  expect(lookups.map(({ name, rcode, address_count }) => [name, rcode, address_count])).toEqual(
    names.map((name) => [name, 0, 1]),
  )
  for (const lookup of lookups) expectDelay(lookup, DELAY_MS, elapsedNs)
  const attempts = pids.map((pid) => onlyConnectOf(file, pid))
  expect(attempts).toMatchObject(names.map((dns_name) => ({ dns_name, dns_candidates: expect.any(Number) })))
  expect(attempts.map((row) => row.dns_lookup_ns)).toEqual(lookups.map((row) => row.latency_ns))
  expect(readSession(file)).toMatchObject({ dns_malformed_count: 0, dns_lost_count: 0 })
}

const namesOf = (kinds: readonly string[]) => kinds.map((kind) => `${kind}.example`)
const unanswered = (kinds: readonly string[]) =>
  namesOf(kinds).map((name) => ({ name, rcode: null, latency_ns: null, address_count: 0, query_type: 1 }))

describeKernel("Docker's resolver at 127.0.0.11, behind a translated port", () => {
  test('is recorded for all kinds of sockets, with the latency of its answers', async () => {
    const elapsedNs = startStopwatch()
    const { exec, inode } = await makeContainer(DELAY_MS)
    const recorded = await recordWhile({ args: ['--dns'] }, () => askAll(KINDS, { server: DOCKER }, exec))
    expectAnswered(recorded, inode, namesOf(KINDS), elapsedNs())
  })

  test('that does not answer: the queries are lookups without an answer', async () => {
    const { exec, inode } = await makeContainer(NEVER_MS)
    const { file } = await recordWhile({ args: ['--dns'] }, () => askAll(KINDS, { server: DOCKER }, exec))
    expect(lookupsOf(file, inode)).toMatchObject(unanswered(KINDS))
    expect(lookupsOf(file, inode)).toHaveLength(KINDS.length)
  })

  test('is recorded at its own port too; packets that are not DNS are ignored there', async () => {
    const elapsedNs = startStopwatch()
    const { exec, inode } = await makeContainer(DELAY_MS)
    const send = `const socket = require('node:dgram').createSocket('udp4')
      const payloads = ['requests:1|c', 'x'.repeat(600), Buffer.alloc(40), Buffer.alloc(40, 0xff), '']
      Promise.all(payloads.map((one) => new Promise((done) => socket.send(one, 8125, '${DOCKER}', done)))).then(() => process.exit())`
    const recorded = await recordWhile({ args: ['--dns'] }, async () => {
      expect((await run([...exec, process.execPath, '-e', send])).status).toBe(0)
      return askAll(['connected', 'unconnected'], { server: DOCKER, serverPort: DOCKER_PORT }, exec)
    })
    expectAnswered(recorded, inode, namesOf(['connected', 'unconnected']), elapsedNs())
  })
})

describeKernel('queries to a port without a name server', () => {
  test('are DNS only if their socket or address suggests it, and their contents are valid', async () => {
    const { exec, inode } = makeAddressedNamespace()
    const { file } = await recordWhile({ args: ['--dns'] }, () => runWorkload('dns-queries', [], { under: exec }))
    const lookups = lookupsOf(file, inode)
    expect(lookups.map(({ name }) => name)).toEqual(['connected.example', 'docker.example'])
    expect(readSession(file)).toMatchObject({ dns_malformed_count: 0, dns_lost_count: 0 })
  })
})

describeKernel('a name server whose address is translated', () => {
  const SERVERS = [
    { version: 'IPv4', server: '10.77.0.53', from: '10.77.0.53:53', listen: '10.77.0.1', to: '10.77.0.1:5300' },
    { version: 'IPv6', server: 'fd77::53', from: '[fd77::53]:53', listen: '::1', to: '[::1]:5300' },
  ]
  const CONNECTED = ['resolver', 'connected'] as const

  async function makeTranslated({ from, to, listen }: (typeof SERVERS)[number], delayMs: number) {
    const namespace = makeAddressedNamespace()
    translateUdp(namespace, [{ from, to }])
    await startSlowServer(namespace, { address: ADDRESS, delayMs, listen, port: 5300 })
    return namespace
  }

  test.each(SERVERS)('is recorded for connected sockets, over $version', async (one) => {
    const elapsedNs = startStopwatch()
    const { exec, inode } = await makeTranslated(one, DELAY_MS)
    const recorded = await recordWhile({ args: ['--dns'] }, () => askAll(CONNECTED, { server: one.server }, exec))
    expectAnswered(recorded, inode, namesOf(CONNECTED), elapsedNs())
  })

  test.each(SERVERS)(
    'that does not answer connected sockets gives lookups without an answer, over $version',
    async (one) => {
      const { exec, inode } = await makeTranslated(one, NEVER_MS)
      const { file } = await recordWhile({ args: ['--dns'] }, () => askAll(CONNECTED, { server: one.server }, exec))
      expect(lookupsOf(file, inode)).toMatchObject(unanswered(CONNECTED))
      expect(lookupsOf(file, inode)).toHaveLength(CONNECTED.length)
    },
  )

  test.each(SERVERS)(
    'is recorded for other sockets if --dns-port names its port, over $version (GAP-64)',
    async (one) => {
      const elapsedNs = startStopwatch()
      const { exec, inode } = await makeTranslated(one, DELAY_MS)
      const ask = () => askAll(['unconnected'], { server: one.server }, exec)
      const named = await recordWhile({ args: ['--dns', '--dns-port', '53,5300'] }, ask)
      expectAnswered(named, inode, namesOf(['unconnected']), elapsedNs())
      const { file } = await recordWhile({ args: ['--dns'] }, ask)
      expect(lookupsOf(file, inode)).toMatchObject([{ name: 'unconnected.example', rcode: 0, latency_ns: null }])
    },
  )
})
