import { statSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { listNamespaces, parseActiveOpens, readCounters } from '../../../src/record/count/active-opens.js'

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

  test('is found in any column', () => {
    expect(parseActiveOpens('Tcp: ActiveOpens Other\nTcp: 9007199254740991 1\n')).toBe(2 ** 53 - 1)
    expect(parseActiveOpens('TcpExt: ActiveOpens\nTcpExt: 1\nTcp: A ActiveOpens\nTcp: 3 2')).toBe(2)
  })

  test('is undefined if the file does not have it', () => {
    expect(parseActiveOpens('Tcp: A\nTcp: 1')).toBeNaN()
    expect(parseActiveOpens('')).toBeNaN()
  })
})

describe('network namespaces', () => {
  const ownInode = statSync('/proc/self/ns/net').ino

  test('lists the network namespace of this process and reads its counter (SEC-04)', () => {
    const namespaces = listNamespaces()
    expect(namespaces.filter((one) => one.inode === ownInode)).toHaveLength(1)
    expect(readCounters(namespaces).get(ownInode)).toBeGreaterThanOrEqual(0)
  })

  test('keeps the namespaces of the previous list, and closes those that no longer exist', () => {
    const gone = { inode: 1, read: () => null, close: vi.fn() }
    const own = listNamespaces().filter(({ inode }) => inode === ownInode)
    const again = listNamespaces([...own, gone])
    expect(again.filter(({ inode }) => inode === ownInode)).toEqual(own)
    expect(again).toContain(own[0])
    expect(again).not.toContain(gone)
    expect(gone.close).toHaveBeenCalledTimes(1)
  })

  test('leaves out namespaces whose counter no longer exists', () => {
    const namespaces = [
      { inode: 1, read: () => 5, close() {} },
      { inode: 2, read: () => null, close() {} },
    ]
    expect(readCounters(namespaces)).toEqual(new Map([[1, 5]]))
  })
})
