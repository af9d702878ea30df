import { describe, expect, test } from 'vitest'
import { createConnectCounts } from '../../src/view/count-connects.js'
import { createConnectView } from '../../src/view/render-view.js'
import { parseViewOptions, type RawViewOptions } from '../../src/view/view-options.js'
import { makeRow } from './make-row.js'

/** Examples of the output of bcc's tcpconnect and tcpconnlat, with the options of their commands. */
const EXAMPLES: [name: string, options: RawViewOptions, text: string][] = [
  [
    'tcpconnect',
    {},
    `PID    COMM         IP SADDR            DADDR            DPORT
1479   telnet       4  127.0.0.1        127.0.0.1        23
1469   curl         4  10.201.219.236   54.245.105.25    80
1469   curl         4  10.201.219.236   54.67.101.145    80
1991   telnet       6  ::1              ::1              23
2015   ssh          6  fe80::2000:bff:fe82:3ac fe80::2000:bff:fe82:3ac 22`,
  ],
  [
    'tcpconnect -t',
    { timestamp: true },
    `TIME(s)  PID    COMM         IP SADDR            DADDR            DPORT
31.871   2482   local_agent  4  10.103.219.236   10.251.148.38    7001
31.874   2482   local_agent  4  10.103.219.236   10.101.3.132     7001
31.878   2482   local_agent  4  10.103.219.236   10.171.133.98    7101
90.917   2482   local_agent  4  10.103.219.236   10.251.148.38    7001
90.928   2482   local_agent  4  10.103.219.236   10.102.64.230    7001
90.938   2482   local_agent  4  10.103.219.236   10.115.167.169   7101`,
  ],
  [
    'tcpconnect -d',
    { dns: true },
    `PID    COMM         IP SADDR            DADDR            DPORT QUERY
1543   amazon-ssm-a 4  10.66.75.54      176.32.119.67    443   ec2messages.us-west-1.amazonaws.com
1479   telnet       4  127.0.0.1        127.0.0.1        23    localhost
1469   curl         4  10.201.219.236   54.245.105.25    80    www.domain.com (123.342ms)
1469   curl         4  10.201.219.236   54.67.101.145    80    No DNS Query
1991   telnet       6  ::1              ::1              23    localhost
2015   ssh          6  fe80::2000:bff:fe82:3ac fe80::2000:bff:fe82:3ac 22    anotherhost.org`,
  ],
  [
    'tcpconnect -L',
    { lport: true },
    `PID    COMM         IP SADDR            LPORT  DADDR            DPORT
3706   nc           4  192.168.122.205  57266  192.168.122.150  5000
3722   ssh          4  192.168.122.205  50966  192.168.122.150  22
3779   ssh          6  fe80::1          52328  fe80::2          22`,
  ],
  [
    'tcpconnect -U',
    { printUid: true },
    `UID   PID    COMM         IP SADDR            DADDR            DPORT
0     31333  telnet       6  ::1              ::1              23
0     31333  telnet       4  127.0.0.1        127.0.0.1        23
1000  31322  curl         4  127.0.0.1        127.0.0.1        80
1000  31322  curl         6  ::1              ::1              80`,
  ],
  [
    'tcpconnect -Uu 1000',
    { printUid: true },
    `UID   PID    COMM         IP SADDR            DADDR            DPORT
1000  31338  telnet       6  ::1              ::1              23
1000  31338  telnet       4  127.0.0.1        127.0.0.1        23`,
  ],
  [
    'tcpconnlat',
    { latency: true },
    `PID    COMM         IP SADDR            DADDR            DPORT LAT(ms)
222564 wget         4  192.168.88.15    110.242.68.3     80    25.29
222684 wget         4  192.168.88.15    167.179.101.42   443   246.76
222726 ssh          4  192.168.88.15    167.179.101.42   22    241.17
222774 ssh          4  192.168.88.15    1.15.149.151     22    25.31`,
  ],
]

const cellsOf = (line: string) => line.split(/\s+/)

/** The cells of a line of an example: the last column may contain spaces. */
function exampleCells(line: string, count: number): string[] {
  const cells = cellsOf(line)
  return [...cells.slice(0, count - 1), cells.slice(count - 1).join(' ')]
}

/** The attempt that a line of an example shows. */
function rowOf(headings: readonly string[], cells: readonly string[]) {
  const cell = (heading: string) => cells[headings.indexOf(heading)]
  const number = (heading: string) => Number(cell(heading) ?? 0)
  const [, name = null, ageMs] = /^([\w.-]+\.[a-z]+)(?: \((.+)ms\))?$/.exec(cell('QUERY') ?? '') ?? []
  return makeRow({
    startedNs: number('TIME(s)') * 1e9,
    uid: number('UID'),
    pid: number('PID'),
    comm: cell('COMM') as string,
    family: number('IP') as 4 | 6,
    localAddress: cell('SADDR') as string,
    localPort: number('LPORT'),
    remoteAddress: cell('DADDR') as string,
    remotePort: number('DPORT'),
    latencyNs: number('LAT(ms)') * 1e6,
    dnsName: name,
    dnsAgeNs: name === null ? null : Number(ageMs ?? 50) * 1e6,
  })
}

test.each(EXAMPLES)('%s has the columns and rows of its example', (_, options, text) => {
  const [header = '', ...lines] = text.split('\n')
  const headings = cellsOf(header)
  const view = createConnectView(parseViewOptions(options))
  expect(cellsOf(view.header[0] as string)).toEqual(headings)
  // Examples do not begin with the first row: their time is relative to a row that they do not show.
  view.line(makeRow({ startedNs: 0 }))
  for (const line of lines) {
    const cells = exampleCells(line, headings.length)
    expect(exampleCells(view.line(rowOf(headings, cells)), headings.length)).toEqual(cells)
  }
})

test('a name is never cut, and is escaped so that it differs from texts like No DNS Query', () => {
  const lineOf = (fields: Parameters<typeof makeRow>[0]) =>
    createConnectView(parseViewOptions({ dns: true }))
      .line(makeRow({ remoteAddress: '192.0.2.2', ...fields }))
      .replace(/^.* 443 +/, '')
  expect(lineOf({ dnsName: 'No DNS Query' })).toBe(String.raw`No\x20DNS\x20Query`)
  expect(lineOf({ dnsName: 'a\x1b[2J.b\n' })).toBe(String.raw`a\x1b[2J.b\x0a`)
  expect(lineOf({ dnsName: '' })).toBe('.')
  expect(lineOf({ dnsName: `${'a'.repeat(250)}.b`, dnsAgeNs: 100_000_000 })).toBe(`${'a'.repeat(250)}.b`)
  expect(lineOf({ dnsName: 'a.b', dnsAgeNs: 100_000_001 })).toBe('a.b (100.000ms)')
  expect(lineOf({ dnsName: 'a.b', remoteAddress: '127.0.0.1' })).toBe('a.b')
  expect(lineOf({ remoteAddress: '127.0.0.2' })).toBe('No DNS Query')
})

test('without recorded lookups QUERY is a dash, or localhost', () => {
  const view = createConnectView(parseViewOptions({ dns: true }))
  expect(view.line(makeRow({ hasDnsSource: false }))).toMatch(/ 443 +-$/)
  expect(view.line(makeRow({ hasDnsSource: false, remoteAddress: '::1' }))).toMatch(/ 443 +localhost$/)
})

test('QUERY is the last of all columns', () => {
  const options = {
    timestamp: true,
    printUid: true,
    lport: true,
    sourcePort: true,
    latency: true,
    outcome: true,
    namespaces: true,
    container: true,
    dns: true,
  }
  const view = createConnectView(parseViewOptions(options))
  const headings = cellsOf(view.header[0] as string)
  expect(headings).toEqual(
    cellsOf('TIME(s) UID PID COMM IP SADDR LPORT DADDR SPORT DPORT LAT(ms) OUTCOME RETR NETNS MNTNS CONTAINER QUERY'),
  )
  const line = view.line(makeRow({ container: 'nginx.service' }))
  expect(exampleCells(line, headings.length).slice(-2)).toEqual(['nginx.service', 'No DNS Query'])
  expect(line.indexOf('No DNS Query')).toBe((view.header[0] as string).indexOf('QUERY'))
})

test('tcpconnect -c has the columns and rows of its example, the highest count first', () => {
  const counts = createConnectCounts(false)
  const add = (remoteAddress: string, times: number) => {
    for (let i = 0; i < times; i++) counts.add(makeRow({ localAddress: '192.168.10.50', remoteAddress }))
  }
  add('172.212.22.194', 21)
  add('172.217.21.194', 70)
  add('172.213.11.195', 34)
  expect(counts.render()).toEqual([
    '',
    'LADDR                     RADDR                     RPORT                CONNECTS',
    '192.168.10.50             172.217.21.194            443                  70',
    '192.168.10.50             172.213.11.195            443                  34',
    '192.168.10.50             172.212.22.194            443                  21',
  ])
})

describe('columns of the view', () => {
  const render = (options: RawViewOptions, fields: Parameters<typeof makeRow>[0] = {}) => {
    const view = createConnectView(parseViewOptions(options))
    return [...view.header, view.line(makeRow(fields))]
  }

  test('have the widths of bcc', () => {
    expect(render({ timestamp: true, printUid: true, lport: true })).toEqual([
      'TIME(s)  UID   PID     COMM         IP SADDR            LPORT  DADDR            DPORT',
      '0.000    1000  1234    curl         4  192.0.2.1        40000  192.0.2.2        443',
    ])
    expect(render({ latency: true, sourcePort: true })).toEqual([
      'PID     COMM         IP SADDR            DADDR            SPORT DPORT LAT(ms)',
      '1234    curl         4  192.0.2.1        192.0.2.2        40000 443   1.23',
    ])
  })

  test('are separated by a space, even if values are too long', () => {
    const long = {
      startedNs: 0,
      uid: 1_000_000,
      pid: 4_194_304,
      comm: 'kworker/u257:12',
      remoteAddress: 'f'.repeat(39),
    }
    for (const options of [
      { timestamp: true, printUid: true },
      { printUid: true, wide: true },
      { wall: true, lport: true },
    ]) {
      const [header = '', line = ''] = render(options, long)
      expect(cellsOf(line)).toHaveLength(cellsOf(header).length)
    }
    const view = createConnectView(parseViewOptions({ timestamp: true, printUid: true }))
    view.line(makeRow(long))
    expect(view.line(makeRow({ ...long, startedNs: 123_456_789e6 }))).toMatch(
      /^123456\.789 1000000 4194304 kworker\/u257 4/,
    )
  })

  test('contain no spaces and no control characters, whatever the name of a thread', () => {
    const [header = '', line = ''] = render({}, { comm: 'a b\x1b[2Jc' })
    expect(cellsOf(line)).toHaveLength(cellsOf(header).length)
    expect(line).not.toContain('\x1b')
    expect(line).toContain(String.raw`a\x20b\x1b[2Jc`)
    for (const comm of ['', '\u00a0', 'a\u3000b']) {
      expect(cellsOf(render({}, { comm })[1] as string), comm).toHaveLength(cellsOf(header).length)
    }
    expect(render({}, { comm: '' })[1]).toMatch(/^1234 +- +4 /)
  })

  test('show full names and addresses with --wide', () => {
    const fields = { comm: 'a-name-of-15-by', remoteAddress: '2001:db8:1111:2222:3333:4444:5555:6666' }
    expect(render({}, fields)[1]).toContain('a-name-of-15 ')
    expect(render({ wide: true }, fields)[1]).toContain('a-name-of-15-by')
  })

  test('show the outcome, retransmits, namespaces, the container and the time of day', () => {
    const [header, line] = render(
      { outcome: true, namespaces: true, container: true, wall: true },
      { outcome: 'timed_out', synRetransmits: 6, container: '0123456789ab' },
    )
    expect(cellsOf(header as string)).toEqual(
      cellsOf('TIME PID COMM IP SADDR DADDR DPORT OUTCOME RETR NETNS MNTNS CONTAINER'),
    )
    expect(line).toMatch(/^2025-06-15T15:06:40\.123Z 1234 .* 443 +timed_out +6 +4026531840 4026531841 0123456789ab$/)
  })

  test('have a dash for unknown values', () => {
    const [, line] = render(
      { lport: true, outcome: true, namespaces: true, container: true },
      { localAddress: null, localPort: null, synRetransmits: null, mntns: null, container: null, outcome: 'pending' },
    )
    expect(cellsOf(line as string)).toEqual(cellsOf('1234 curl 4 - - 192.0.2.2 443 pending - 4026531840 - -'))
  })
})

test('--json prints an object with the names of the view connects, and exact integers', () => {
  const view = createConnectView(parseViewOptions({ json: true }))
  expect(view.header).toEqual([])
  const line = view.line(makeRow({ comm: '\x9b"', latencyNs: null, outcome: 'pending' }))
  expect(line).toContain('"process_start_ns":9007199254740993')
  expect(line).not.toContain('\x9b')
  expect(JSON.parse(line)).toMatchObject({ comm: '\x9b"', latency_ns: null, time: '2025-06-15T15:06:40.123456Z' })
  const dns = { dnsName: 'a\nb.c', dnsAgeNs: 5, dnsLookupNs: 7, dnsCandidates: 2 }
  expect(JSON.parse(view.line(makeRow({ ...dns, container: '0123456789ab' })))).toMatchObject({
    dns_name: 'a\nb.c',
    dns_age_ns: 5,
    dns_lookup_ns: 7,
    dns_candidates: 2,
    container: '0123456789ab',
  })
})
