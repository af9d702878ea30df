import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import { LINK_ADDRESS, SILENT_ADDRESS, addSilentLink, makeNetworkNamespace } from '../../support/network-namespace.js'
import { connectFromNode } from '../../support/node-client.js'
import { recordWhile } from '../../support/recorder.js'
import { flagsOf, onlyConnectOf } from '../../support/trace.js'
import { connect } from '../../support/workload.js'

const IPV4_MAPPED = 1

describeKernel('addresses of an attempt', () => {
  test.each([
    ['127.0.0.1', { family: 4, remote_address: '127.0.0.1' }, 0],
    ['::1', { family: 6, remote_address: '::1' }, 0],
    ['::ffff:127.0.0.1', { family: 4, remote_address: '127.0.0.1' }, IPV4_MAPPED],
  ])('to %s: the local address and port are those of getsockname(2)', async (host, expected, flags) => {
    const port = await listen('::')
    const { file, result } = await recordWhile({}, () => connectFromNode(host, port))
    const row = onlyConnectOf(file, result.pid)
    const local = { local_address: result.address?.replace(/^::ffff:/, ''), local_port: result.port }
    expect(row).toMatchObject({ outcome: 'established', remote_port: port, ...expected, ...local })
    expect(flagsOf(file, result.pid)).toEqual([flags])
  })

  test.each([
    ['127.0.0.1', '127.0.0.1', 4],
    ['::1', '::1', 6],
    ['::ffff:127.0.0.1', '127.0.0.1', 4],
  ])('refused at %s: both addresses and both ports are recorded', async (host, address, family) => {
    const port = await findClosedPort('::')
    const { file, result } = await recordWhile({}, () => connect(host, port))
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({ outcome: 'refused', family, local_address: address, remote_address: address })
    expect(row.remote_port).toBe(port)
    expect(row.local_port).toBeGreaterThan(0)
  })

  test('without an answer, from an IPv6 socket to IPv4: the local address is recorded', async () => {
    const namespace = makeNetworkNamespace()
    addSilentLink(namespace)
    const args = ['--nonblock', '--close-after', '50']
    const mapped = () => connect(`::ffff:${SILENT_ADDRESS}`, 80, args, { under: namespace.exec })
    const { file, result } = await recordWhile({}, mapped)
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({ family: 4, remote_address: SILENT_ADDRESS, local_address: LINK_ADDRESS })
    expect(flagsOf(file, result.pid)).toEqual([IPV4_MAPPED])
  })

  test('from a bound address and port', async () => {
    const [port, ownPort] = [await listen(), await findClosedPort()]
    const args = ['--bind-address', '127.0.0.2', '--bind-port', String(ownPort)]
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', port, args))
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({ local_address: '127.0.0.2', local_port: ownPort, remote_address: '127.0.0.1' })
  })

  test('in another network namespace', async () => {
    const namespace = makeNetworkNamespace()
    const [here, there] = [await findClosedPort(), await findClosedPort()]
    const { file, result } = await recordWhile({}, () =>
      Promise.all([connect('127.0.0.1', here), connect('127.0.0.1', there, [], { under: namespace.exec })]),
    )
    const [outside, inside] = result.map(({ pid }) => onlyConnectOf(file, pid))
    expect(inside).toMatchObject({ netns: namespace.inode, remote_port: there, outcome: 'refused' })
    expect(outside).toMatchObject({ remote_port: here, outcome: 'refused' })
    expect(outside?.netns).not.toBe(namespace.inode)
  })
})
