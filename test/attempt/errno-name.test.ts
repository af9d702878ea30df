import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { describeErrno } from '../../src/attempt/errno-name.js'

/** The errors that the probe can report: of sockets, ICMP and ICMPv6, routes, and connect(2) itself. */
const SOCKET = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'ENOMEM',
  'ENOBUFS',
]
const ICMP = ['ENETUNREACH', 'EHOSTUNREACH', 'ENOPROTOOPT', 'EMSGSIZE', 'EOPNOTSUPP', 'EACCES', 'EPROTO']
const ROUTE = ['EINVAL', 'EACCES', 'EAGAIN', 'ENETDOWN', 'ENODEV']
const CALL = ['EPERM', 'EFAULT', 'EAFNOSUPPORT', 'EADDRINUSE', 'ENOSYS', 'EPROTOTYPE']

test.each([...SOCKET, ...ICMP, ...ROUTE, ...CALL])('%s has its name and a meaning', (name) => {
  const errno = (constants.errno as Record<string, number>)[name] as number
  expect(describeErrno(errno)?.name).toBe(name)
  expect(describeErrno(errno)?.meaning).not.toBe('see errno(3)')
})

test('EHOSTDOWN and ENONET of ICMP have names, although Node.js has no constants for them', () => {
  expect(describeErrno(112)?.name).toBe('EHOSTDOWN')
  expect(describeErrno(64)?.name).toBe('ENONET')
})

test('EACCES and EINVAL name the routes that cause them', () => {
  expect(describeErrno(constants.errno.EACCES)?.meaning).toMatch(/prohibit route.*ICMPv6/)
  expect(describeErrno(constants.errno.EINVAL)?.meaning).toMatch(/blackhole route/)
})

test('any other errno has the name that the system uses, or its number', () => {
  expect(describeErrno(constants.errno.ENOSPC)).toEqual({ name: 'ENOSPC', meaning: 'see errno(3)' })
  expect(describeErrno(4000)?.name).toBe('4000')
  expect(describeErrno(0)?.name).toBe('0')
  expect(describeErrno(null)).toBeNull()
})
