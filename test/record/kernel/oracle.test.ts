import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { checkQueries, differing, exportToEngine } from '../../analyze/oracle/check-queries.js'
import { ORACLES } from '../../analyze/oracle/oracles.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import { SILENT_ADDRESS, addSilentLink, makeNetworkNamespace } from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { queryTrace } from '../../support/trace.js'
import { GAMES_UID, asUser } from '../../support/users.js'
import { connect, startWorkload } from '../../support/workload.js'

const NAMELESS_UID = 3_999_999_999
/** A SYN is sent again after a second. */
const RETRANSMIT_MS = 1100

/** Names of two addresses without a listener; a third name is never connected to. */
const RECORDS = [
  '--host-record=web.example,10.77.0.1',
  '--host-record=api.example,10.77.0.2',
  '--host-record=no.example,10.77.0.3',
]

async function lookUpNames(): Promise<void> {
  const namespace = makeAddressedNamespace()
  await startDnsmasq(namespace, RECORDS)
  const under = namespace.exec
  const web = { name: 'web.example' }
  await lookUp([web, web, web, { name: 'api.example' }, { name: 'nowhere.example' }], { port: 80, under })
  await lookUp([{ name: 'no.example' }], { under })
}

async function openPorts() {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  const [open, open6, closed] = [await listen(), await listen('::1'), await findClosedPort()]
  return { silent: { under: namespace.exec }, open, open6, closed }
}

type Ports = Awaited<ReturnType<typeof openPorts>>

/** The counts differ, so that no ranking has ties. */
async function connectBefore({ silent, open, open6, closed }: Ports): Promise<void> {
  const waitFor = (ms: number) => ['--nonblock', '--close-after', String(ms)]
  await Promise.all([
    connect('127.0.0.1', open, ['--count', '400']),
    connect('::1', open6, ['--count', '70'], { under: asUser(GAMES_UID) }),
    connect('127.0.0.1', closed, ['--count', '40'], { under: asUser(NAMELESS_UID) }),
    connect(SILENT_ADDRESS, 80, ['--count', '12', ...waitFor(20)], silent),
    connect(SILENT_ADDRESS, 443, waitFor(RETRANSMIT_MS), silent),
    lookUpNames(),
  ])
}

/** Ends with an attempt that has no answer yet. */
async function connectAfter({ silent, open, closed }: Ports): Promise<void> {
  startWorkload('connect', [SILENT_ADDRESS, '22', '--nonblock'], silent)
  await Promise.all([
    connect('127.0.0.1', open, ['--count', '150']),
    connect('127.0.0.1', open, ['--threads', '3', '--count', '30']),
    connect('127.0.0.1', closed, ['--count', '60'], { under: asUser(GAMES_UID) }),
    lookUpNames(),
    delay(RETRANSMIT_MS),
  ])
}

describeKernel('queries of a real recording', () => {
  test('every built-in query gives the rows that DuckDB computes', async () => {
    const ports = await openPorts()
    const { file: trace } = await recordWhile({ args: ['--dns'] }, () => connectBefore(ports))
    await recordWhile({ file: trace, args: ['--dns'] }, () => connectAfter(ports))
    const outcomes = queryTrace<{ outcome: string }>(trace, 'SELECT DISTINCT outcome FROM connects')
    const recorded = ['established', 'refused', 'cancelled', 'pending'].map((outcome) => ({ outcome }))
    expect(outcomes).toEqual(expect.arrayContaining(recorded))

    const engine = await exportToEngine(trace)
    onTestFinished(() => engine.close())
    const checks = await checkQueries({ trace, engine }, ORACLES, { args: [] })
    expect(differing(checks)).toEqual({})
    for (const [question, { rows }] of checks) expect(rows, question).toBeGreaterThan(0)
  })
})
