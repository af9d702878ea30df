import { describe, expect, test } from 'vitest'
import { parsePrefixes } from '../../../src/options/parse-lists.js'
import { NO_RECORD_FILTERS, type RecordFilters, type ProbeOptions } from '../../../src/record/options/record-options.js'
import {
  outcomeMask,
  packComm,
  packProbeConfig,
  packPrefix,
  packUint32,
  type ProbeHost,
} from '../../../src/record/probe/pack-probe-config.js'
import { MAX_DNS_PORTS, connectOutcome, probeConfig } from '../../../src/record/event/wire.gen.js'
import { FAILED_OUTCOMES, OUTCOMES } from '../../../src/attempt/outcome.js'
import { PLAIN_HOST } from '../../support/host-view.js'

const ALL = 0xffffffff

/** The fields of struct probe_config, as the probe reads them. */
function unpack(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer)
  const flags = Object.entries(probeConfig).filter(([name]) => name.startsWith('by_'))
  return {
    minLatencyNs: view.getBigUint64(probeConfig.min_latency_ns, true),
    outcomes: view.getUint32(probeConfig.outcomes, true),
    cgroupCount: view.getUint32(probeConfig.cgroup_count, true),
    family: view.getUint8(probeConfig.family),
    on: flags.filter(([, offset]) => view.getUint8(offset) !== 0).map(([name]) => name),
  }
}

const pack = (options: Partial<ProbeOptions>, host: Partial<ProbeHost> = {}) =>
  packProbeConfig(
    {
      filters: NO_RECORD_FILTERS,
      host: PLAIN_HOST,
      followsCommand: false,
      dnsSource: null,
      dnsPorts: [],
      localErrors: false,
      nat: false,
      ...options,
    },
    { readsNetns: false, isPreemptible: false, arch: 'x64', ...host },
  )

const packed = (changes: Partial<RecordFilters>, followsCommand = false) =>
  unpack(pack({ filters: { ...NO_RECORD_FILTERS, ...changes }, followsCommand }))

test('without filters, all filters are off', () => {
  expect(packed({})).toEqual({ minLatencyNs: 0n, outcomes: ALL, cgroupCount: 0, family: 0, on: [] })
  expect(pack({})).toHaveLength(probeConfig.size_bytes)
})

test.each<[Partial<RecordFilters>, string]>([
  [{ ports: [80] }, 'by_port'],
  [{ destinations: parsePrefixes(['::/0']) }, 'by_destination'],
])('%j enables one filter', (changes, flag) => {
  expect(packed(changes)).toEqual({ ...packed({}), on: [flag] })
})

test.each<[Partial<RecordFilters>, string]>([
  [{ pids: [1] }, 'by_pid'],
  [{ uids: [0] }, 'by_uid'],
  [{ comms: ['curl'] }, 'by_comm'],
  [{ cgroupmap: '/map' }, 'by_cgroupmap'],
  [{ mntnsmap: '/map' }, 'by_mntnsmap'],
])('%j enables one filter, and attempts without a process are not recorded', (changes, flag) => {
  expect(packed(changes)).toEqual({ ...packed({}), on: [flag, 'by_process'] })
})

test('a command enables its own filter, and attempts without a process are not recorded', () => {
  expect(packed({}, true).on).toEqual(['by_command', 'by_process'])
})

test('a preemptible kernel is reported to the probe', () => {
  const isPreemptible = (host: Partial<ProbeHost>) => pack({}, host)[probeConfig.preemptible]
  expect([isPreemptible({}), isPreemptible({ isPreemptible: true })]).toEqual([0, 1])
})

test('the configuration has the properties of the host: local errors, kernel memory, registers', () => {
  const { local_errors, reads_netns, machine } = probeConfig
  const fields = (bytes: Uint8Array) => [bytes[local_errors], bytes[reads_netns], bytes[machine]]
  expect(fields(pack({}))).toEqual([0, 0, 0])
  expect(fields(pack({ localErrors: true }))).toEqual([1, 0, 0])
  expect(fields(pack({ dnsSource: 'libc' }, { readsNetns: true }))).toEqual([0, 1, 0])
  expect(fields(pack({ dnsSource: 'libc' }, { arch: 'arm64' }))).toEqual([0, 0, 1])
})

test('the registers of arguments are needed only for --dns=libc, and an unknown machine is an error', () => {
  expect(pack({ dnsSource: 'udp' }, { arch: 'riscv64' })[probeConfig.machine]).toBe(0)
  expect(() => pack({ dnsSource: 'libc' }, { arch: 'riscv64' })).toThrow(
    expect.objectContaining({ code: 'E_NO_LIBC', reason: expect.stringContaining('riscv64') }),
  )
})

test('calls are read only with --nat, if their registers are known', () => {
  const { reads_calls, machine } = probeConfig
  const fields = (bytes: Uint8Array) => [bytes[reads_calls], bytes[machine]]
  expect(fields(pack({}))).toEqual([0, 0])
  expect(fields(pack({ nat: true }))).toEqual([1, 0])
  expect(fields(pack({ nat: true }, { arch: 'arm64' }))).toEqual([1, 1])
  expect(fields(pack({ nat: true }, { arch: 'riscv64' }))).toEqual([0, 0])
})

test('latency, cgroups and family are packed in full width', () => {
  expect(packed({ minLatencyNs: 2 ** 53 - 1 }).minLatencyNs).toBe(2n ** 53n - 1n)
  const { cgroupCount, on } = packed({ cgroups: ['/a', '/b', '/c'] })
  expect([cgroupCount, on]).toEqual([3, ['by_process']])
  expect([packed({ family: 4 }).family, packed({ family: 6 }).family]).toEqual([4, 6])
})

describe('outcomes', () => {
  test('have a bit for each code', () => {
    for (const outcome of OUTCOMES) expect(outcomeMask([outcome])).toBe(1 << connectOutcome[outcome])
    expect(outcomeMask(FAILED_OUTCOMES)).toBe(0b0111_1110)
    expect(packed({ outcomes: ['refused', 'reset'] }).outcomes).toBe(0b1_0010)
  })

  test('without --outcome: all bits', () => {
    expect(outcomeMask([])).toBe(ALL)
  })
})

describe('keys', () => {
  test.each([
    ['curl', '6375726c000000000000000000000000'],
    ['x'.repeat(15), `${'78'.repeat(15)}00`],
    ['日本', 'e697a5e69cac00000000000000000000'],
  ])('of the thread name %s: its bytes, then NULs', (comm, hex) => {
    expect(Buffer.from(packComm(comm)).toString('hex')).toBe(hex)
  })

  test.each([
    ['10.0.0.0/8', 112, '0400000000000000000000ffff0a000000000000'],
    ['192.0.2.7', 136, '0400000000000000000000ffffc0000207000000'],
    ['2001:db8::/32', 40, '0620010db8000000000000000000000000000000'],
    ['::/0', 8, '0600000000000000000000000000000000000000'],
    ['0.0.0.0/0', 104, '0400000000000000000000ffff00000000000000'],
  ])('of %s: length in bits, then family and address', (text, length, address) => {
    const [prefix] = parsePrefixes([text])
    const key = Buffer.from(packPrefix(prefix!))
    expect(key.readUInt32LE(0)).toBe(length)
    expect(key.subarray(4).toString('hex')).toBe(address)
  })

  test('of numbers: 32 bits, little-endian', () => {
    expect([...packUint32(0xfedcba98)]).toEqual([0x98, 0xba, 0xdc, 0xfe])
  })
})

test('ports of name servers are in network byte order, followed by 0', () => {
  const portsOf = (dnsPorts: readonly number[]) => [
    ...pack({ dnsSource: 'udp', dnsPorts }).subarray(probeConfig.dns_ports),
  ]
  expect(portsOf([])).toHaveLength(2 * MAX_DNS_PORTS)
  expect(portsOf([53, 5353])).toEqual([0, 53, 0x14, 0xe9, ...Array<number>(2 * MAX_DNS_PORTS - 4).fill(0)])
})
