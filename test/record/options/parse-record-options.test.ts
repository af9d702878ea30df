import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../src/base/errors.js'
import { parseRecordOptions, type RawOptions } from '../../../src/record/options/parse-record-options.js'
import { expectRefusal } from '../../options/expect-refusal.js'
import { NO_RECORD_FILTERS } from '../../../src/record/options/record-options.js'

const parse = (raw: RawOptions, file?: string) => parseRecordOptions(raw, file, [], 'tcpconn record')
const filtersOf = (raw: RawOptions) => parse(raw).filters

test('defaults: records the whole host into tcpconn.db until it is stopped', () => {
  expect(parse({})).toEqual({
    file: 'tcpconn.db',
    durationNs: null,
    quiet: false,
    rotation: null,
    host: expect.objectContaining({ root: '/', gaps: [] }),
    filters: NO_RECORD_FILTERS,
    command: [],
    dnsSource: null,
    dnsPorts: [53],
    localErrors: false,
    metrics: null,
    nat: false,
    commandLine: 'tcpconn record',
  })
})

test('passes on file, command and command line unchanged', () => {
  const options = parseRecordOptions({ quiet: true }, 'a.db', ['curl', '-s'], 'tcpconn record a.db -q -- curl -s')
  expect(options).toMatchObject({ file: 'a.db', quiet: true, command: ['curl', '-s'] })
  expect(options.commandLine).toBe('tcpconn record a.db -q -- curl -s')
})

test('--host-root names the root of the host, which has accounts (SEC-63)', () => {
  expect(parse({ hostRoot: '/./' }).host.root).toBe('/')
  expect(parse({ hostRoot: '/' }).host.gaps).toEqual([])
})

test.each(['', 'host', '/no/such/root', '/proc', '/etc/passwd'])('--host-root %j is refused (SEC-63)', (hostRoot) => {
  expectRefusal(() => parse({ hostRoot }), '--host-root', hostRoot, /the absolute path of the host's root directory/)
})

test('an empty FILE is refused', () => {
  expect(() => parseRecordOptions({}, '', [], '')).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
})

test('accepts every filter', () => {
  const filters = filtersOf({
    pid: ['1,2'],
    uid: ['0', 'root'],
    port: ['443'],
    ipv4: true,
    comm: ['curl'],
    dst: ['10.0.0.0/8'],
    minLatency: '5',
    outcome: ['refused'],
    cgroupmap: '/sys/fs/bpf/c',
    mntnsmap: '/sys/fs/bpf/m',
  })
  expect(filters).toMatchObject({
    pids: [1, 2],
    ports: [443],
    family: 4,
    comms: ['curl'],
    destinations: [{ length: 104 }],
    minLatencyNs: 5_000_000,
    outcomes: ['refused'],
    cgroupmap: '/sys/fs/bpf/c',
    mntnsmap: '/sys/fs/bpf/m',
  })
  expect(new Set(filters.uids)).toEqual(new Set([0]))
})

test.each([
  [{}, null],
  [{ ipv4: true }, 4],
  [{ ipv6: true }, 6],
  [{ ipv4: true, ipv6: true }, null],
])('%j records IP version %s', (raw, family) => {
  expect(filtersOf(raw).family).toBe(family)
})

test.each<[RawOptions, string | null]>([
  [{}, null],
  [{ dns: true }, 'udp'],
  [{ dnsValue: 'udp' }, 'udp'],
  [{ dnsValue: 'libc' }, 'libc'],
  [{ dns: true, dnsValue: 'libc' }, 'libc'],
])('%j takes names from %s', (raw, dnsSource) => {
  expect(parse(raw).dnsSource).toBe(dnsSource)
})

test.each(['', 'x', 'tcp', 'UDP', 'udp,libc'])('--dns=%s is refused', (dnsValue) => {
  expectRefusal(() => parse({ dnsValue }), '--dns', dnsValue, /--dns or --dns=udp .* --dns=libc/)
})

describe('--dns-port', () => {
  test.each<[string[], number[]]>([
    [['5353'], [5353]],
    [['53,5353'], [53, 5353]],
    [
      ['53', '5353,53', '053'],
      [53, 5353],
    ],
    [['1,2,3,4,5,6,7,65535'], [1, 2, 3, 4, 5, 6, 7, 65_535]],
  ])('%j treats packets of ports %j as DNS, instead of 53', (dnsPort, ports) => {
    expect(parse({ dns: true, dnsPort })).toMatchObject({ dnsSource: 'udp', dnsPorts: ports })
    expect(parse({ dnsValue: 'udp', dnsPort }).dnsPorts).toEqual(ports)
  })

  test.each(['', '0', '65536', 'domain', '53,', '53-54', '1,2,3,4,5,6,7,8,9'])('%j is refused', (text) => {
    expectRefusal(() => parse({ dns: true, dnsPort: [text] }), '--dns-port', text, /up to 8 ports .* like 53,5353/)
  })

  test.each<[RawOptions, string]>([
    [{}, 'without --dns'],
    [{ dnsValue: 'libc' }, 'with --dns=libc'],
    [{ dns: true, dnsValue: 'libc' }, 'with --dns=libc'],
  ])('with %j is refused', (raw, how) => {
    expect(() => parse({ ...raw, dnsPort: ['53'] })).toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: `--dns-port is given ${how}` }),
    )
  })
})

test('--local-errors', () => {
  expect(parse({ localErrors: true })).toMatchObject({ localErrors: true, dnsSource: null })
})

test('--nat', () => {
  expect([parse({}).nat, parse({ nat: true }).nat]).toEqual([false, true])
})

describe('durations', () => {
  test('a number without a unit is in seconds for --duration, in milliseconds for --min-latency', () => {
    expect(parse({ duration: '90' }).durationNs).toBe(90e9)
    expect(filtersOf({ minLatency: '1.5' }).minLatencyNs).toBe(1.5e6)
    expect(filtersOf({ minLatency: '0' }).minLatencyNs).toBe(0)
  })

  test.each<[string, RawOptions, string]>([
    ['--duration', { duration: '0' }, '0'],
    ['--duration', { duration: 'soon' }, 'soon'],
    ['--duration', { duration: '200d' }, '200d'],
    ['--min-latency', { minLatency: '-1' }, '-1'],
    ['--min-latency', { minLatency: '' }, ''],
  ])('%s: %j is refused', (option, raw, value) => {
    expect(() => parse(raw)).toThrow(UsageError)
    expect(() => parse(raw)).toThrow(
      expect.objectContaining({
        message: `${option}: ${JSON.stringify(value)} is not accepted`,
        reason: expect.stringMatching(/a duration like 10m.*up to 104 days/),
      }),
    )
  })
})

test.each<RawOptions>([
  { pid: ['x'] },
  { uid: ['no such user'] },
  { port: ['0'] },
  { comm: [''] },
  { dst: ['x'] },
  { outcome: ['x'] },
  { cgroup: ['/no/such/cgroup'] },
])('%j is a usage error that names its option', (raw) => {
  expect(() => parse(raw)).toThrow(UsageError)
  expect(() => parse(raw)).toThrow(`--${Object.keys(raw)[0]}: `)
})
