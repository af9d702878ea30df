import { expect, test } from 'vitest'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startSlowServer } from '../../support/dns-server.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { addressesOf, expectDelay, lookupsOf, type LookupRow } from '../../support/lookups.js'
import { recordWhile } from '../../support/recorder.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, readSession } from '../../support/trace.js'

const ADDRESS = '10.77.0.5'
const DELAY_MS = 80

describeKernel('a truncated DNS answer', () => {
  test.each([
    ['that leaves out records but counts them', 'records', 0, null],
    ['that ends within a record', 'bytes', 2, 'big.example'],
  ] as const)('%s is an answered lookup (GAP-59, GAP-60)', async (_, truncation, count, name) => {
    const elapsedNs = startStopwatch()
    const namespace = makeAddressedNamespace()
    await startSlowServer(namespace, { address: ADDRESS, delayMs: DELAY_MS, truncation })
    const { file, result } = await recordWhile({ args: ['--dns'] }, () =>
      lookUp([{ name: 'big.example' }], { kind: 'connected', port: 80, under: namespace.exec }),
    )
    // The client gets the complete answer over TCP.
    expect(result.answers).toEqual([[ADDRESS]])
    const [lookup, ...others] = lookupsOf(file, namespace.inode)
    expect(others).toEqual([])
    expect(lookup).toMatchObject({ name: 'big.example', rcode: 0, is_truncated: 1, address_count: count })
    expectDelay(lookup as LookupRow, DELAY_MS, elapsedNs())
    expect(addressesOf(file, 'big.example')).toEqual(count === 0 ? [] : [ADDRESS])
    expect(readSession(file)).toMatchObject({ dns_malformed_count: 0, dns_lost_count: 0 })
    // The second query is an attempt to connect to the name server; its answer is not recorded.
    expect(connectsOf(file, result.pid)).toMatchObject([
      { remote_address: '127.0.0.1', remote_port: 53, outcome: 'established', dns_name: null },
      { remote_address: ADDRESS, remote_port: 80, outcome: 'refused', dns_name: name },
    ])
    // Other processes of the host may use DNS over TCP too.
    expect((await runTool(['info', file])).stdout).toMatch(/^ {2}not seen {6}\d+ attempts? to port 53 or 853 /m)
  })

  test('is not a failure in analyze dns, and is counted apart from complete answers (GAP-60)', async () => {
    const [truncating, whole] = [makeAddressedNamespace(), makeAddressedNamespace()]
    await startSlowServer(truncating, { address: ADDRESS, delayMs: 0, truncation: 'records' })
    await startSlowServer(whole, { address: ADDRESS, delayMs: 0 })
    const { file } = await recordWhile({ args: ['--dns'] }, async () => {
      await lookUp([{ name: 'both.example' }], { kind: 'connected', under: truncating.exec })
      await lookUp([{ name: 'both.example' }, { name: 'whole.example' }], { under: whole.exec })
    })
    const lookups = [...lookupsOf(file, truncating.inode), ...lookupsOf(file, whole.inode)]
    expect(lookups.map(({ name, is_truncated }) => [name, is_truncated])).toEqual([
      ['both.example', 1],
      ['both.example', 0],
      ['whole.example', 0],
    ])
    const { stdout } = await runTool(['analyze', 'dns', file, '--format', 'json', '--limit', '1000'])
    const rows = JSON.parse(stdout) as Record<string, unknown>[]
    const sums = (name: string) => rows.find((row) => row.dns_name === name)
    expect(sums('both.example')).toMatchObject({ lookups: 2, failed_lookups: 0, truncated_lookups: 1, addresses: 1 })
    expect(sums('whole.example')).toMatchObject({ lookups: 1, failed_lookups: 0, truncated_lookups: 0 })
  })
})
