import { expect, test } from 'vitest'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { lookupsOf } from '../../support/lookups.js'
import { expectEqualSum, sessionLosses } from '../../support/losses.js'
import { run } from '../../support/process.js'
import { readPeakBytes } from '../../support/process-status.js'
import { REPOSITORY } from '../../support/repository.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { connectsOf, onlyConnectOf, readSession } from '../../support/trace.js'
import { connect } from '../../support/workload.js'

/** Memory of the whole process. Measured: about 280 MB, and 340 to 470 MB without a limit for waiting lookups. */
const MAX_PEAK_BYTES = 320e6
const NO_LOSS = { ring_full: 0, map_full: 0, writer_behind: 0, missed: 0 }

/** Sends packets from port 53 of 10.77.0.53 to a socket in the same namespace, which nobody reads. */
const SENDER = `
  const [kind, count] = process.argv.slice(1)
  const { encode } = require('dns-packet')
  const { randomFillSync } = require('node:crypto')
  const dgram = require('node:dgram')
  const question = { name: 'flood.example', type: 'A' }
  const answer = (addressOf, records, id = 0) => encode({
    id, type: 'response', questions: [question],
    answers: Array.from({ length: records }, (_, i) => ({ type: 'A', name: 'flood.example', ttl: 1, data: addressOf(i) })),
  })
  /** No address comes twice. */
  const flood = (packet) => answer((i) => [16, 8, 0].reduce((text, bits) => text + '.' + (packet * 130 + i >> bits & 255), '10'), 130, packet)
  const header = (questions, answers) => Buffer.from([0, 0, 0x81, 0x80, questions >> 8, questions, answers >> 8, answers, 0, 0, 0, 0])
  const fields = Buffer.from([0, 1, 0, 1])
  const hostile = [
    () => Buffer.concat([header(1, 0), Buffer.from([0xc0, 12]), fields]),
    () => Buffer.concat([header(1, 0), Buffer.from([0xff, 0xff]), fields]),
    () => Buffer.concat([header(1, 0xffff), Buffer.from([0]), fields, Buffer.alloc(400)]),
    () => answer(() => '10.77.0.1', 20).subarray(0, -1),
    () => header(1, 0),
    () => Buffer.concat([header(9, 9), randomFillSync(Buffer.alloc(300))]),
    () => Buffer.concat([header(1, 1), Buffer.alloc(60000, 0x3f)]),
  ]
  const packet = { hostile: (i) => hostile[i % hostile.length](), flood }[kind]
  async function send() {
    const [victim, sender] = [dgram.createSocket('udp4'), dgram.createSocket('udp4')]
    await new Promise((resolve) => victim.bind(0, '10.77.0.2', resolve))
    await new Promise((resolve) => sender.bind(53, '10.77.0.53', resolve))
    const { port } = victim.address()
    for (let i = 0; i < Number(count); i++) {
      const payload = packet(i)
      await new Promise((resolve) => sender.send(payload, port, '10.77.0.2', resolve))
    }
    process.exit()
  }
  send()`

async function sendPackets(kind: 'hostile' | 'flood', count: number, under: readonly string[]): Promise<void> {
  const { status, stderr } = await run([...under, process.execPath, '-e', SENDER, kind, String(count)], {
    cwd: REPOSITORY,
  })
  if (status !== 0) throw new Error(`the sender failed: ${stderr}`)
}

describeKernel('DNS packets of an attacker', () => {
  test('are counted if they are malformed, and cost neither attempts nor names (GAP-66, SEC-27)', async () => {
    const namespace = makeAddressedNamespace()
    const { exec: under, inode } = namespace
    await startDnsmasq(namespace, ['--host-record=good.example,10.77.0.7'])
    const count = 700
    const { file, result, summary } = await recordWhile({ args: ['--dns'] }, async () => {
      await sendPackets('hostile', count, under)
      return lookUp([{ name: 'good.example' }], { port: 80, under })
    })
    expect(readSession(file)).toMatchObject({ dns_malformed_count: count, dns_lost_count: 0, end_reason: 'interrupt' })
    expect(lookupsOf(file, inode).map(({ name }) => name)).toEqual(['good.example'])
    expect(onlyConnectOf(file, result.pid).dns_name).toBe('good.example')
    expect(sessionLosses(file)).toEqual(NO_LOSS)
    expectEqualSum(file, summary)
  })

  test('lose only packets in a flood of answers, and each lost packet is counted (GAP-66, SEC-29)', async () => {
    const namespace = makeAddressedNamespace()
    const { exec: under, inode } = namespace
    const [count, attempts] = [20_000, 5000]
    const recording = await startRecording({ args: ['--dns'] })
    const [result] = await Promise.all([
      connect('10.77.0.9', 80, ['--count', String(attempts)], { under }),
      sendPackets('flood', count, under),
    ])
    const peakBytes = readPeakBytes(recording.pid)
    const { file, summary } = { file: recording.file, summary: await recording.stop() }
    const { dns_lost_count: lost, dns_malformed_count: malformed } = readSession(file)
    expect(connectsOf(file, result.pid)).toHaveLength(attempts)
    expect(sessionLosses(file)).toEqual(NO_LOSS)
    expectEqualSum(file, summary)
    expect(malformed).toBe(0)
    // Lookups of other processes on the host may be lost too.
    const read = lookupsOf(file, inode).length
    expect(read).toBeLessThanOrEqual(count)
    expect(read + lost).toBeGreaterThanOrEqual(count)
    expect(peakBytes).toBeLessThan(MAX_PEAK_BYTES)
  })
})
