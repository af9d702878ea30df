import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { lookupsOf } from '../../support/lookups.js'
import { LINKED, linkNamespaces, type NetworkNamespace } from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { connectsOf, onlyConnectOf, readSession } from '../../support/trace.js'
import { recordAsGames } from '../../support/users.js'
import { connect } from '../../support/workload.js'

const [IPV4, IPV6] = LINKED.far
const CONTAINER_ID = 'beef'.repeat(16)

/** A container as engines create it, and a name server at the other end of its link. */
async function makeContainer(hosts: readonly string[]) {
  const [namespace, server] = [makeAddressedNamespace(), makeAddressedNamespace()]
  linkNamespaces(namespace, server)
  await startDnsmasq(server, ['--edns-packet-max=4096', '--host-record=link.example,10.77.0.2', ...hosts], [IPV4, IPV6])
  await waitForLink(namespace)
  const cgroup = makeCgroup(makeCgroup(), `libpod-${CONTAINER_ID}.scope`)
  return { namespace, server, under: [...cgroup.exec, ...namespace.exec] }
}

/** IPv6 drops packets for a while after the link is up. */
async function waitForLink({ exec }: NetworkNamespace): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { answers } = await lookUp([{ name: 'link.example', server: IPV6 }], { kind: 'unconnected', under: exec })
    if (answers[0]?.length) return
  }
  throw new Error('the name server does not answer over its link')
}

const HOSTS = Array.from({ length: 200 }, (_, i) => `--host-record=big.example,10.77.9.${i + 1}`)

describeKernel('a name server beyond a link', () => {
  test('answers the container over IPv4 and IPv6, also in fragments', async () => {
    const { namespace, server, under } = await makeContainer(HOSTS)
    const { file, result } = await recordWhile({ args: ['--dns'] }, () =>
      lookUp(
        [
          { name: 'big.example', server: IPV4 },
          { name: 'big.example', server: IPV6 },
        ],
        { kind: 'unconnected', port: 80, under },
      ),
    )
    expect(result.answers.map((addresses) => addresses.length)).toEqual([200, 200])
    const lookup = { name: 'big.example', address_count: 200, rcode: 0, container: CONTAINER_ID.slice(0, 12) }
    expect(lookupsOf(file, namespace.inode)).toMatchObject([lookup, lookup])
    expect(lookupsOf(file, server.inode)).toEqual([])
    const named = { dns_name: 'big.example', container: CONTAINER_ID.slice(0, 12), dns_lookup_ns: expect.any(Number) }
    expect(connectsOf(file, result.pid)).toMatchObject([named, named])
    expect(readSession(file)).toMatchObject({ dns_malformed_count: 0, dns_lost_count: 0 })
  })

  test('is recorded under sudo too, and so are local errors', async () => {
    const { namespace, under } = await makeContainer(['--host-record=a.example,10.77.0.1'])
    const { file: path, ...options } = recordAsGames()
    const { file, result } = await recordWhile(
      { ...options, file: path, args: ['--dns', '--local-errors'] },
      async () => ({
        named: await lookUp([{ name: 'a.example', server: IPV4 }], { port: 80, under }),
        failed: await connect('198.51.100.1', 80, [], { under }),
      }),
    )
    expect(onlyConnectOf(file, result.named.pid)).toMatchObject({ dns_name: 'a.example', outcome: 'refused' })
    expect(onlyConnectOf(file, result.failed.pid)).toMatchObject({ dns_name: null, outcome: 'local_error' })
    expect(lookupsOf(file, namespace.inode)).toMatchObject([
      { name: 'a.example', container: CONTAINER_ID.slice(0, 12) },
    ])
  })
})
