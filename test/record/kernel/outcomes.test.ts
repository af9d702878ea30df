import { readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, EHOSTUNREACH } from '../../support/error-numbers.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import {
  ABSENT_ADDRESS,
  LINK_ADDRESS,
  addSilentLink,
  makeNetworkNamespace,
  setSysctl,
} from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { connectsOf, flagsOf, onlyConnectOf } from '../../support/trace.js'
import { hostUser } from '../../support/users.js'
import { connect, runWorkload } from '../../support/workload.js'

/** Output of test/workload/syn-reset and no-free-port. */
interface HandshakeResult {
  pid: number
  remote_port: number
  local_port: number
  errno: number
}
const NO_SYN = 16

describeKernel('outcomes with an answer', () => {
  test('established: process, both addresses and latency', async () => {
    const port = await listen()
    const elapsedNs = startStopwatch()
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', port))
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({
      outcome: 'established',
      errno: null,
      syn_retransmits: 0,
      tid: result.pid,
      comm: 'connect',
      exe: 'connect',
      uid: 0,
      user: hostUser('root'),
      netns: inodeOf('/proc/self/ns/net'),
      mntns: inodeOf('/proc/self/ns/mnt'),
      family: 4,
      local_address: '127.0.0.1',
      local_port: result.local_port,
      remote_address: '127.0.0.1',
      remote_port: port,
      dns_name: null,
    })
    expect(row.latency_ns).toBeGreaterThan(0)
    expect(row.latency_ns).toBeLessThan(elapsedNs())
  })

  test('refused: a closed port', async () => {
    const port = await findClosedPort()
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', port))
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({ outcome: 'refused', errno: ECONNREFUSED, remote_port: port, comm: 'connect', uid: 0 })
    expect(row.local_port).toBeGreaterThan(0)
    expect(row.latency_ns).toBeGreaterThan(0)
  })

  test('reset: after a simultaneous open', async () => {
    const { file, result } = await recordWhile({}, () => handshake('reset'))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({
      outcome: 'reset',
      errno: ECONNRESET,
      local_address: '10.77.0.1',
      local_port: result.local_port,
      remote_address: '10.77.0.2',
      remote_port: result.remote_port,
      exe: 'syn-reset',
    })
  })

  test('unreachable: an ICMP error', async () => {
    const { file, result } = await recordWhile({}, () => handshake('unreachable'))
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({ outcome: 'unreachable', errno: EHOSTUNREACH, remote_address: '10.77.0.2' })
    expect(row.local_port).toBe(result.local_port)
  })

  test('unreachable: no such neighbour on the link', async () => {
    const namespace = makeNetworkNamespace()
    addSilentLink(namespace)
    // One ARP request instead of three, one second apart.
    setSysctl(namespace, 'net/ipv4/neigh/near/mcast_solicit', '1')
    const { file, result } = await recordWhile({}, () => connect(ABSENT_ADDRESS, 80, [], { under: namespace.exec }))
    expect(result.errnos).toEqual({ [EHOSTUNREACH]: 1 })
    expect(onlyConnectOf(file, result.pid)).toMatchObject({
      outcome: 'unreachable',
      errno: EHOSTUNREACH,
      netns: namespace.inode,
      local_address: LINK_ADDRESS,
    })
  })

  test('local error: no free port, and no SYN', async () => {
    const { file, result } = await recordWhile({}, () => runWorkload<HandshakeResult>('no-free-port', []))
    const rows = connectsOf(file, result.pid)
    expect(rows.map((row) => row.outcome)).toEqual(['established', 'established', 'local_error'])
    expect(rows[2]).toMatchObject({ errno: EADDRNOTAVAIL, local_port: null, remote_port: result.remote_port })
    expect(flagsOf(file, result.pid)).toEqual([0, 0, NO_SYN])
  })
})

function handshake(mode: string): Promise<HandshakeResult> {
  return runWorkload<HandshakeResult>('syn-reset', ['--mode', mode])
}

function inodeOf(link: string): number {
  return Number(/\d+/.exec(readlinkSync(link))?.[0])
}
