import { statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { listNamespaces, netnsKeyOf, parseActiveOpens, readCounters } from '../../../src/record/host/active-opens.js'
import { run, start } from '../../support/process.js'
import { waitUntil } from '../../support/wait-until.js'

const SNMP = [
  'Ip: Forwarding DefaultTTL InReceives',
  'Ip: 1 64 123',
  'Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails',
  'Tcp: 1 200 120000 -1 4242 17 5',
  'Udp: InDatagrams NoPorts',
  'Udp: 7 8',
]

describe('TcpActiveOpens', () => {
  test('is found by its name', () => {
    expect(parseActiveOpens(SNMP.join('\n'))).toBe(4242)
  })

  test('wherever its column is', () => {
    expect(parseActiveOpens('Tcp: ActiveOpens Other\nTcp: 9007199254740991 1\n')).toBe(2 ** 53 - 1)
    expect(parseActiveOpens('TcpExt: ActiveOpens\nTcpExt: 1\nTcp: A ActiveOpens\nTcp: 3 2')).toBe(2)
  })

  test('that is not there is no number', () => {
    expect(parseActiveOpens('Tcp: A\nTcp: 1')).toBeNaN()
    expect(parseActiveOpens('')).toBeNaN()
  })
})

describe('network namespaces', () => {
  test('this process’s own is listed, and its counter can be read', () => {
    const key = netnsKeyOf(process.pid) as number
    const namespaces = listNamespaces()
    expect(key).toBe(statSync('/proc/self/net/snmp').ino)
    expect(namespaces.get(key)?.key).toBe(key)
    expect(readCounters(namespaces.values()).get(key)).toBeGreaterThanOrEqual(0)
  })

  test('a process that is gone is in none', async () => {
    const { pid } = await run(['true'])
    expect(netnsKeyOf(pid)).toBeNull()
  })

  test('a process that has ended, but was not waited for, is in none', async () => {
    const parent = start(['sh', '-c', 'sleep 0 & echo $!; exec sleep 60'])
    const pid = await waitUntil('the pid', () => Number(parent.output()))
    await waitUntil('its end', () => netnsKeyOf(pid) === null)
    expect(statSync(`/proc/${pid}`).isDirectory()).toBe(true)
  })

  test('those whose counter is gone are left out', () => {
    const namespaces = [
      { key: 1, inode: null, read: () => 5 },
      { key: 2, inode: 3, read: () => null },
    ]
    expect(readCounters(namespaces)).toEqual(new Map([[1, 5]]))
  })
})
