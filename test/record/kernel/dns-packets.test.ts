import { expect, test } from 'vitest'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq, startSlowServer } from '../../support/dns-server.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { addressesOf, lookupsOf } from '../../support/lookups.js'
import { recordWhile } from '../../support/recorder.js'
import { runTool } from '../../support/tool.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { connectsOf, onlyConnectOf, readSession } from '../../support/trace.js'

const [A, AAAA] = [1, 28]
const ONE_RECORD = { address_count: 1, rcode: 0 }

/** Host records of dnsmasq for one name. */
function hostRecords(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `--host-record=${name},10.77.9.${i + 1}`)
}

describeKernel('DNS packets', () => {
  test('of all kinds of sockets are recorded, over IPv4 and IPv6, and to a stub resolver', async () => {
    const namespace = makeAddressedNamespace()
    const { exec: under, inode } = namespace
    const kinds = ['resolver', 'connected', 'unconnected'] as const
    const names = kinds.flatMap((kind) => [`${kind}.example`, `${kind}6.example`, `${kind}-stub.example`])
    await startDnsmasq(
      namespace,
      names.map((name, i) => `--host-record=${name},10.77.0.${i + 1},fd77::${i + 1}`),
    )
    const elapsedNs = startStopwatch()
    const { file } = await recordWhile({ args: ['--dns'] }, async () => {
      for (const kind of kinds) {
        await lookUp(
          [
            { name: `${kind}.example` },
            { name: `${kind}6.example`, type: 'AAAA', server: '::1' },
            { name: `${kind}-stub.example`, server: '127.0.0.53' },
          ],
          { kind, under },
        )
      }
    })
    expect(lookupsOf(file, inode)).toMatchObject(
      kinds.flatMap((kind) => [
        { name: `${kind}.example`, query_type: A, ...ONE_RECORD },
        { name: `${kind}6.example`, query_type: AAAA, ...ONE_RECORD },
        { name: `${kind}-stub.example`, query_type: A, ...ONE_RECORD },
      ]),
    )
    expect(names.map((name) => addressesOf(file, name))).toEqual(
      names.map((name, i) => [name.includes('6') ? `fd77::${i + 1}` : `10.77.0.${i + 1}`]),
    )
    const longestNs = elapsedNs()
    expect(lookupsOf(file, inode).filter(({ latency_ns }) => !(latency_ns && latency_ns < longestNs))).toEqual([])
  })

  test('of an IPv6 socket that sends over IPv4 are recorded', async () => {
    const namespace = makeAddressedNamespace()
    await startDnsmasq(namespace, ['--host-record=mapped.example,10.77.0.1'])
    const question = { name: 'mapped.example', server: '::ffff:127.0.0.1' }
    const { file, result } = await recordWhile({ args: ['--dns'] }, () =>
      lookUp([question], { kind: 'unconnected', port: 80, under: namespace.exec }),
    )
    expect(lookupsOf(file, namespace.inode)).toMatchObject([{ name: 'mapped.example', latency_ns: expect.any(Number) }])
    expect(onlyConnectOf(file, result.pid).dns_name).toBe('mapped.example')
  })

  test('with CNAMEs and mixed case name the attempts that follow', async () => {
    const namespace = makeAddressedNamespace()
    const cnames = ['--cname=alias.example,real.example', '--cname=alias2.example,alias.example']
    await startDnsmasq(namespace, ['--host-record=real.example,10.77.0.7,fd77::7', ...cnames])
    const { file, result } = await recordWhile({ args: ['--dns'] }, () =>
      lookUp([{ name: 'Alias2.EXAMPLE' }, { name: 'ALIAS.example', type: 'AAAA' }], {
        port: 80,
        under: namespace.exec,
      }),
    )
    expect(connectsOf(file, result.pid)).toMatchObject([
      { remote_address: '10.77.0.7', dns_name: 'alias2.example', dns_candidates: 1, outcome: 'refused' },
      { remote_address: 'fd77::7', dns_name: 'alias.example', dns_candidates: 1, outcome: 'refused' },
    ])
  })

  test.each([
    ['more than 512', 40],
    ['more than 1,504', 120],
    ['nearly 4,096', 250],
  ])('of %s bytes are recorded completely', async (_, count) => {
    const namespace = makeAddressedNamespace()
    await startDnsmasq(namespace, ['--edns-packet-max=4096', ...hostRecords('big.example', count)])
    const { file, result } = await recordWhile({ args: ['--dns'] }, () =>
      lookUp([{ name: 'big.example' }], { kind: 'connected', port: 80, under: namespace.exec }),
    )
    expect(result.answers[0]).toHaveLength(count)
    expect(lookupsOf(file, namespace.inode)).toMatchObject([{ name: 'big.example', address_count: count, rcode: 0 }])
    expect(addressesOf(file, 'big.example')).toEqual(result.answers[0]?.toSorted())
    expect(onlyConnectOf(file, result.pid).dns_name).toBe('big.example')
    expect(readSession(file)).toMatchObject({ dns_source: 'udp', dns_malformed_count: 0, dns_lost_count: 0 })
  })

  test('of more than 4,096 bytes are recorded with the addresses of their first 4,096 bytes (GAP-61)', async () => {
    const namespace = makeAddressedNamespace()
    await startSlowServer(namespace, { address: '10.77.0.5', delayMs: 0, records: 300 })
    const { file, summary, result } = await recordWhile({ args: ['--dns'] }, () =>
      lookUp([{ name: 'huge.example' }], { kind: 'connected', port: 80, under: namespace.exec }),
    )
    expect(result.answers[0]).toHaveLength(300)
    // Header and question have 30 bytes, each record 28.
    const count = Math.floor((4096 - 30) / 28)
    const lookup = { name: 'huge.example', address_count: count, rcode: 0, is_truncated: 0 }
    expect(lookupsOf(file, namespace.inode)).toMatchObject([{ ...lookup, latency_ns: expect.any(Number) }])
    expect(onlyConnectOf(file, result.pid).dns_name).toBe('huge.example')
    expect(readSession(file)).toMatchObject({ dns_malformed_count: 0, dns_lost_count: 0 })
    const cut = '1 DNS answer longer than 4,096 bytes truncated: names may be missing'
    expect(summary.split('\n')).toContain(cut)
    expect((await runTool(['info', file])).stdout).toContain(`  not seen      ${cut}\n`)
  })

  test('with negative answers, and queries without an answer, are lookups', async () => {
    const [namespace, silent] = [makeAddressedNamespace(), makeAddressedNamespace()]
    await startDnsmasq(namespace, [])
    await startSlowServer(silent, { address: '10.77.0.1', delayMs: 1e6 })
    const { file } = await recordWhile({ args: ['--dns'] }, async () => {
      await lookUp([{ name: 'none.example' }, { name: 'elsewhere.test' }], {
        kind: 'unconnected',
        under: namespace.exec,
      })
      await lookUp([{ name: 'silence.example' }], { giveUpMs: 100, under: silent.exec })
      await lookUp([{ name: 'closed.example', server: '10.77.0.1' }], {
        kind: 'unconnected',
        giveUpMs: 100,
        under: silent.exec,
      })
    })
    expect(lookupsOf(file, namespace.inode)).toMatchObject([
      { name: 'none.example', rcode: 3, address_count: 0, latency_ns: expect.any(Number) },
      { name: 'elsewhere.test', rcode: 5, address_count: 0, latency_ns: expect.any(Number) },
    ])
    const unanswered = { rcode: null, address_count: 0, latency_ns: null, query_type: A }
    expect(lookupsOf(file, silent.inode)).toMatchObject([
      { name: 'silence.example', ...unanswered },
      { name: 'closed.example', ...unanswered },
    ])
  })

  test('the latency of a lookup ends at the answer; the age of a name begins at the answer', async () => {
    const namespace = makeAddressedNamespace()
    const [delayMs, waitMs] = [80, 150]
    await startSlowServer(namespace, { address: '10.77.0.5', delayMs })
    const elapsedNs = startStopwatch()
    const { file, result } = await recordWhile({ args: ['--dns'] }, () =>
      lookUp([{ name: 'slow.example' }], { port: 80, waitMs, under: namespace.exec }),
    )
    const row = onlyConnectOf(file, result.pid)
    const [lookup] = lookupsOf(file, namespace.inode)
    expect(row).toMatchObject({ dns_name: 'slow.example', dns_lookup_ns: lookup?.latency_ns })
    // Timers may fire 1 ms early.
    expect(row.dns_lookup_ns).toBeGreaterThan((delayMs - 2) * 1e6)
    expect(row.dns_age_ns).toBeGreaterThan((waitMs - 2) * 1e6)
    expect((row.dns_lookup_ns ?? NaN) + (row.dns_age_ns ?? NaN)).toBeLessThan(elapsedNs())
  })
})
