import { copyFileSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readMappedLibcs } from '../../../src/record/host/find-libcs.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { withHosts } from '../../support/hosts.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { connectFromNode } from '../../support/node-client.js'
import { firstOutput, start } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf, readSession } from '../../support/trace.js'
import { connect, workloadPath } from '../../support/workload.js'

const ADDRESS = '10.77.0.7'
const HOSTS = ['127.77.0.1 db.internal']

/** The reports about names: the summary of record, info and analyze summary. */
async function expectShare(file: string, summary: string): Promise<void> {
  expect(summary).toMatch(/^names: [\d,]+ of [\d,]+ attempts?, from [\d,]+ lookups?$/m)
  const share = /% of attempts have a name$/m
  expect((await runTool(['info', file])).stdout).toMatch(share)
  expect((await runTool(['analyze', 'summary', file])).stdout.replaceAll(/\n +/g, ' ')).toMatch(share)
}

/** A namespace with a name server that knows `known.example`. */
async function makeServer() {
  const namespace = makeAddressedNamespace()
  await startDnsmasq(namespace, [`--host-record=known.example,${ADDRESS}`])
  return namespace
}

describeKernel('attempts without a name: the share of attempts with a name is reported', () => {
  test('if the name comes from a file, with --dns (GAP-62)', async () => {
    const { file, summary, result } = await recordWhile({ args: ['--dns'] }, () =>
      connectFromNode('db.internal', 80, withHosts(HOSTS)),
    )
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ remote_address: '127.77.0.1', dns_name: null })
    await expectShare(file, summary)
  })

  test('if the lookup was before the recording, with --dns (GAP-63)', async () => {
    const { exec: under } = await makeServer()
    expect((await lookUp([{ name: 'known.example' }], { under })).answers).toEqual([[ADDRESS]])
    const { file, summary, result } = await recordWhile({ args: ['--dns'] }, () => connect(ADDRESS, 80, [], { under }))
    expect(onlyConnectOf(file, result.pid).dns_name).toBeNull()
    await expectShare(file, summary)
  })

  test('if the program queries the name server itself, with --dns=libc (GAP-67)', async () => {
    const { exec: under } = await makeServer()
    const { file, summary, result } = await recordWhile({ args: ['--dns=libc'] }, () =>
      lookUp([{ name: 'known.example' }], { port: 80, under }),
    )
    expect(result.answers).toEqual([[ADDRESS]])
    expect(onlyConnectOf(file, result.pid).dns_name).toBeNull()
    await expectShare(file, summary)
  })

  test('if no process had the libc mapped when recording began, with --dns=libc (GAP-68)', async () => {
    const [libc] = readMappedLibcs(readFileSync('/proc/self/maps', 'utf8'))
    const copy = join(makeTemporaryDirectory(), 'libc.so.6')
    copyFileSync(libc?.path ?? '', copy)
    const under = [...withHosts(HOSTS), 'env', `LD_LIBRARY_PATH=${dirname(copy)}`]
    const { file, summary, result } = await recordWhile({ args: ['--dns=libc'] }, async () => {
      const running = start([...under, workloadPath('resolve'), 'db.internal', '80'])
      await firstOutput(running)
      running.child.stdin.end('\n')
      return running.finished
    })
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ remote_address: '127.77.0.1', dns_name: null })
    await expectShare(file, summary)
  })

  test('without --dns: info reports that no names were recorded (GAP-57)', async () => {
    const { exec: under } = await makeServer()
    const { file, result } = await recordWhile({}, () => lookUp([{ name: 'known.example' }], { port: 80, under }))
    expect(onlyConnectOf(file, result.pid).dns_name).toBeNull()
    expect(readSession(file).dns_ports).toBeNull()
    expect((await runTool(['info', file])).stdout).toMatch(/^ {2}dns +lookups were not recorded$/m)
  })
})
