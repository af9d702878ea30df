import { expect, test } from 'vitest'
import type { ConnectRow } from '../../support/trace.js'
import { parsePeerRows } from './bcc-output.js'
import { agrees, allAgree, compareRows, percentile } from './compare-rows.js'

const TCPCONNECT = `UID   PID    COMM         IP SADDR            DADDR            SPORT DPORT
0     232    loadgen      4  127.0.0.1        127.0.0.1        50146 3000
5     233    loadgen      6  ::1              ::1              50152 3000
`
const TCPCONNLAT = `PID    COMM         IP SADDR            LPORT  DADDR            DPORT LAT(ms)
240    connect      6  ::ffff:127.0.0.1 60080  ::ffff:127.0.0.1 45843 0.10
`
const TCPTRACER = `UID   T PID    COMM         IP SADDR            DADDR            SPORT DPORT
0     A 247    fastopen     4  127.0.0.1        127.0.0.1        4000 52770
`

const row = (changes: Partial<ConnectRow> = {}): ConnectRow =>
  ({
    pid: 232,
    comm: 'loadgen',
    family: 4,
    local_address: '127.0.0.1',
    local_port: 50146,
    remote_address: '127.0.0.1',
    remote_port: 3000,
    outcome: 'established',
    ...changes,
  }) as ConnectRow

test('parses the output of the three tools', () => {
  expect(parsePeerRows(TCPCONNECT)).toMatchObject([
    { uid: 0, pid: 232, comm: 'loadgen', family: 4, local_port: 50146, remote_port: 3000 },
    { uid: 5, pid: 233, family: 6, local_address: '::1', remote_address: '::1' },
  ])
  expect(parsePeerRows(TCPCONNLAT)).toMatchObject([
    { family: 4, local_address: '127.0.0.1', local_port: 60080, remote_address: '127.0.0.1', latency_ns: 100_000 },
  ])
  expect(parsePeerRows(TCPTRACER)).toMatchObject([{ type: 'A', pid: 247, local_port: 4000, remote_port: 52770 }])
})

test('a truncated row is not a connect', () => {
  expect(() => parsePeerRows(`${TCPCONNECT}0     232    load`)).toThrow('not a row')
})

test('rows of both tools with the same pid, comm, addresses and ports are one connect', () => {
  const [theirs] = parsePeerRows(TCPCONNECT)
  const compare = (changes: Partial<ConnectRow>) => compareRows([row(changes)], theirs ? [theirs] : [])
  expect(compare({})).toMatchObject({ both: [{}], onlyOurs: [], onlyTheirs: [] })
  for (const changes of [
    { pid: 1 },
    { comm: 'other' },
    { family: 6 },
    { local_address: '127.0.0.2' },
    { remote_address: '127.0.0.2' },
    { local_port: 1 },
    { remote_port: 1 },
  ])
    expect(compare(changes), JSON.stringify(changes)).toMatchObject({ both: [], onlyOurs: [{}], onlyTheirs: [{}] })
})

test('every row has one partner; a row without a local port matches any local port', () => {
  const [theirs] = parsePeerRows(TCPCONNECT)
  const twice = theirs ? [theirs, theirs] : []
  expect(compareRows([row()], twice)).toMatchObject({ both: [{}], onlyTheirs: [{}] })
  expect(compareRows([row(), row({ local_port: null })], twice)).toMatchObject({ both: [{}, {}], onlyOurs: [] })
})

test('latencies agree within 5% or 50 µs', () => {
  expect(agrees(1000, 51_000)).toBe(true)
  expect(agrees(1000, 51_001)).toBe(false)
  expect(agrees(100e6, 95e6)).toBe(true)
  expect(agrees(100e6, 94.9e6)).toBe(false)
  expect(agrees(Number.NaN, 1)).toBe(false)
})

test('percentiles are nearest rank', () => {
  expect([percentile([3, 1, 2], 50), percentile([3, 1, 2], 100), percentile([4, 1, 2, 3], 50)]).toEqual([2, 3, 2])
})

test('interrupts may change the latency of some of many pairs, of one of few pairs, and only by the duration of an interrupt', () => {
  const pairs = (count: number, differences: readonly number[]) =>
    Array.from({ length: count }, (_, i) => [1000, 1000 + (differences[i] ?? 0)] as const)
  expect(allAgree(pairs(60, [990_000]))).toBe(true)
  expect(allAgree(pairs(60, [990_000, 990_000]))).toBe(false)
  expect(allAgree(pairs(1000, [990_000, 990_000]))).toBe(true)
  expect(allAgree(pairs(1000, [1_010_000]))).toBe(false)
  expect(allAgree(pairs(1000, [Number.NaN]))).toBe(false)
})
