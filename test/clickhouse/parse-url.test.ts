import { describe, expect, test } from 'vitest'
import { formatServerAddress, parseClickhouseUrl } from '../../src/clickhouse/parse-url.js'

const parse = (url: string) => parseClickhouseUrl('--to', url)

describe('the URL of a server', () => {
  test('has a user, a host, a port and a database', () => {
    expect(parse('clickhouse://host-web1@db.example:8443/tcpconn')).toEqual({
      user: 'host-web1',
      host: 'db.example',
      port: 8443,
      database: 'tcpconn',
      isLoopback: false,
    })
    expect(parse('clickhouse://a%40b@[::1]:9000/x')).toMatchObject({ user: 'a@b', host: '::1', isLoopback: true })
  })

  test('has the port of HTTPS by default, and that of HTTP on loopback', () => {
    expect(parse('clickhouse://u@db.example/x').port).toBe(8443)
    expect(parse('clickhouse://u@127.0.0.1/x').port).toBe(8123)
    expect(parse('clickhouse://u@localhost/x').port).toBe(8123)
  })

  test.each([
    ['http://u@h/x', 'scheme'],
    ['clickhouse://h:1/x', 'user is missing'],
    ['clickhouse://u@h:1', 'DATABASE'],
    ['clickhouse://u@h:1/x;DROP', 'DATABASE'],
    ['clickhouse://u@h:1/x/y', 'DATABASE'],
    ['clickhouse://u@h:99999/x', 'not a URL'],
    ['clickhouse://u@h:0/x', 'port'],
    ['clickhouse://u@h:1/x?password=1', 'nothing follows'],
  ])('%s is refused', (url, reason) => {
    expect(() => parse(url)).toThrow(expect.objectContaining({ reason: expect.stringContaining(reason) as string }))
  })

  test.each([
    'clickhouse://u:S3cret@h:1/x',
    'clickhouse://u:S3cret@h:99999/x',
    'clickhouse://u:S3c@ret@h/x',
    'http://u:S3cret@h/x',
    'u:S3cret@h/x',
    'clickhouse://u:S3cret/@h/x',
    'clickhouse://u:S3c?ret@h/x',
    'clickhouse://u@v:S3cret@h/x',
    'clickhouse://u:S3cret@h/x?password=S3c@ret@h',
    'clickhouse://u@h/x?password=S3cret',
    'clickhouse://u@h:1/x?password=S3c@ret@h',
    'clickhouse://u@h:1/x#S3cret',
    'u@h/x?S3cret',
  ])('a password in it is refused, and not repeated: %s', (url) => {
    const error = (() => {
      try {
        return parse(url)
      } catch (thrown) {
        return thrown as Error & { reason: string; hint: string }
      }
    })()
    expect(error).toBeInstanceOf(Error)
    expect(JSON.stringify([(error as Error).message, error])).not.toMatch(/S3c|ret@/)
  })

  test.each([
    ['clickhouse://reader@h:1/x?password=S3cret', 'clickhouse://reader@h:1/x?…'],
    ['clickhouse://reader@h/x?password=S3c@ret', 'clickhouse://reader@h/x?…'],
    ['clickhouse://reader:S3cret@h:1/x', 'clickhouse://reader:…@h:1/x'],
    ['clickhouse://reader@h:1', 'clickhouse://reader@h:1'],
  ])('an error about %s has the user, without a password (SEC-99)', (url, shown) => {
    expect(() => parse(url)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`"${shown}"`) as string }),
    )
  })

  test('is shown as it is typed', () => {
    for (const url of ['clickhouse://u@h.example:1/x', 'clickhouse://a%40b@[::1]:9000/x']) {
      expect(formatServerAddress(parse(url))).toBe(url)
    }
  })
})
