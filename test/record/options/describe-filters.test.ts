import { expect, test } from 'vitest'
import { describeFilters } from '../../../src/record/options/describe-filters.js'
import { parsePrefixes } from '../../../src/options/parse-lists.js'
import { NO_RECORD_FILTERS } from '../../../src/record/options/record-options.js'

test('a recording without filters is {}', () => {
  expect(describeFilters(NO_RECORD_FILTERS, [])).toBe('{}')
})

test('every filter has the name of its option', () => {
  const filters = {
    pids: [1, 2],
    uids: [0],
    ports: [443],
    family: 6,
    comms: ['curl', 'a "b"'],
    destinations: parsePrefixes([
      '10.0.0.0/8',
      '192.0.2.7',
      '0.0.0.0/0',
      '2001:db8::/32',
      '::1',
      '::/0',
      '::ffff:0:0/90',
      '::ffff:10.0.0.0/104',
    ]),
    minLatencyNs: 5_000_000,
    outcomes: ['refused'],
    cgroups: ['/sys/fs/cgroup/a'],
    containers: ['web'],
    pods: [{ namespace: 'shop', name: 'cart-0' }],
    namespaces: ['shop'],
    cgroupmap: '/sys/fs/bpf/c',
    mntnsmap: '/sys/fs/bpf/m',
  } as const
  expect(JSON.parse(describeFilters(filters, ['curl', '-s']))).toEqual({
    pid: [1, 2],
    uid: [0],
    port: [443],
    family: 6,
    comm: ['curl', 'a "b"'],
    dst: [
      '10.0.0.0/8',
      '192.0.2.7/32',
      '0.0.0.0/0',
      '2001:db8::/32',
      '::1/128',
      '::/0',
      '::ffff:0.0.0.0/90',
      '10.0.0.0/8',
    ],
    min_latency_ns: 5_000_000,
    outcome: ['refused'],
    cgroup: ['/sys/fs/cgroup/a'],
    container: ['web'],
    pod: ['shop/cart-0'],
    namespace: ['shop'],
    cgroupmap: '/sys/fs/bpf/c',
    mntnsmap: '/sys/fs/bpf/m',
    command: ['curl', '-s'],
  })
})

test('a command is a filter too', () => {
  expect(describeFilters(NO_RECORD_FILTERS, ['true'])).toBe('{"command":["true"]}')
})

test('networks are described in the form in which they are parsed', () => {
  const texts = ['10.0.0.0/8', '0.0.0.0/0', '::ffff:0:0/90', '::ffff:1.2.3.4/95', '::/0', '2001:db8::/32', '::1']
  const destinations = parsePrefixes(texts)
  const { dst } = JSON.parse(describeFilters({ ...NO_RECORD_FILTERS, destinations }, [])) as { dst: string[] }
  expect(parsePrefixes(dst)).toEqual(destinations)
})
