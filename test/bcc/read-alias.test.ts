import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { BCC_TOOLS } from '../../src/bcc/bcc-options.js'
import { findAlias, readAlias } from '../../src/bcc/read-alias.js'
import { addRecordCommands } from '../../src/record/command.js'
import { TOOL_VERSION } from '../../src/base/package.js'

/** The arguments of `live`, without its name; `null` for a request for a text. */
function liveArguments(name: string, args: readonly string[]): readonly string[] | null {
  const request = readAlias(name, args)
  if ('text' in request) return null
  expect(request.args[0]).toBe('live')
  return request.args.slice(1)
}

function textOf(name: string, args: readonly string[]): string {
  const request = readAlias(name, args)
  return 'text' in request ? request.text : ''
}

/** Every option of the Python tools and of those based on libbpf, by both of its names. */
const TCPCONNECT: [string[], string[]][] = [
  [[], []],
  [['-t'], ['--timestamp']],
  [['--timestamp'], ['--timestamp']],
  [['-p', '123'], ['--pid=123']],
  [['--pid', '123'], ['--pid=123']],
  [['-P', '80,443'], ['--port=80,443']],
  [['--port', '80'], ['--port=80']],
  [['-4'], ['--ipv4']],
  [['--ipv4'], ['--ipv4']],
  [['-6'], ['--ipv6']],
  [['--ipv6'], ['--ipv6']],
  [['-L'], ['--lport']],
  [['--lport'], ['--lport']],
  [['-U'], ['--print-uid']],
  [['--print-uid'], ['--print-uid']],
  [['-u', '1000'], ['--uid=1000']],
  [['--uid', '1000'], ['--uid=1000']],
  [['-c'], ['--count']],
  [['--count'], ['--count']],
  [['-d'], ['--dns']],
  [['--dns'], ['--dns']],
  [['-s'], ['--source-port']],
  [['--source-port'], ['--source-port']],
  [['-C', '/sys/fs/bpf/a'], ['--cgroupmap=/sys/fs/bpf/a']],
  [['--cgroupmap', '/sys/fs/bpf/a'], ['--cgroupmap=/sys/fs/bpf/a']],
  [['-M', '/sys/fs/bpf/b'], ['--mntnsmap=/sys/fs/bpf/b']],
  [['--mntnsmap', '/sys/fs/bpf/b'], ['--mntnsmap=/sys/fs/bpf/b']],
  [['-v'], []],
  [['--verbose'], []],
]

const TCPCONNLAT: [string[], string[]][] = [
  [[], ['--latency']],
  [['-t'], ['--timestamp', '--latency']],
  [['--timestamp'], ['--timestamp', '--latency']],
  [
    ['-p', '185'],
    ['--pid=185', '--latency'],
  ],
  [['--pid=185'], ['--pid=185', '--latency']],
  [['-L'], ['--lport', '--latency']],
  [['--lport'], ['--lport', '--latency']],
  [['-4'], ['--ipv4', '--latency']],
  [['--ipv4'], ['--ipv4', '--latency']],
  [['-6'], ['--ipv6', '--latency']],
  [['--ipv6'], ['--ipv6', '--latency']],
  [['-v'], ['--latency']],
  [['--verbose'], ['--latency']],
  [['1'], ['--latency=1000000ns']],
  [['0.1'], ['--latency=100000ns']],
  [['.5'], ['--latency=500000ns']],
  [['5.'], ['--latency=5000000ns']],
  [['1e3'], ['--latency=1000000000ns']],
  [['0'], ['--latency=0ns']],
  [
    ['10', '-tL'],
    ['--timestamp', '--lport', '--latency=10000000ns'],
  ],
  [
    ['-t', '--', '10'],
    ['--timestamp', '--latency=10000000ns'],
  ],
]

describe('tcpconnect', () => {
  test.each(TCPCONNECT)('%j is live %j', (args, live) => {
    expect(liveArguments('tcpconnect', args)).toEqual(live)
  })

  test.each([
    [['-tUL'], ['--timestamp', '--print-uid', '--lport']],
    [
      ['-Uu', '1000'],
      ['--print-uid', '--uid=1000'],
    ],
    [['-dt'], ['--dns', '--timestamp']],
    [['-tp123'], ['--timestamp', '--pid=123']],
    [['-p=123'], ['--pid=123']],
    [['--port=80,443'], ['--port=80,443']],
    [['-p', '1', '-p', '2'], ['--pid=2']],
    [['-t', '-t'], ['--timestamp']],
    [['--time'], ['--timestamp']],
    [['--pi', '7'], ['--pid=7']],
    [['--por=7'], ['--port=7']],
    [['--l'], ['--lport']],
    [['--d'], ['--dns']],
    // Options that only one of the editions has.
    [['--u', '5'], ['--uid=5']],
    [['--co'], ['--count']],
    [['--verb'], []],
  ])('%j is live %j', (args, live) => {
    expect(liveArguments('tcpconnect', args)).toEqual(live)
  })

  test.each([
    [['--p', '1'], 'option "--p" is ambiguous', 'it matches --pid, --port, --print-uid'],
    [['--ip'], 'option "--ip" is ambiguous', 'it matches --ipv4, --ipv6'],
    [['--nonsense'], 'unknown option "--nonsense"', 'no such option'],
    [['-x'], 'unknown option "-x"', 'no such option'],
    [['-tx'], 'unknown option "-x"', 'no such option'],
    [['-p'], '-p has no value', 'requires a value'],
    [['--pid'], '--pid has no value', 'requires a value'],
    [['--count=3'], '--count has a value: "3"', 'takes no value'],
    [['-4', '-6'], '-4 and -6 together', 'exclude each other'],
    [['80'], 'unexpected argument "80"', 'takes only options'],
    [['--ebpf'], '--ebpf is not supported', 'compiled'],
    [['--containersmap', '/sys/fs/bpf/c'], '--containersmap is not supported', 'tcpconn live --container'],
  ])('%j is refused', (args, what, reason) => {
    const refusal = { code: 'E_USAGE', message: what, hint: 'see tcpconnect --help' }
    expect(() => readAlias('tcpconnect', args)).toThrow(
      expect.objectContaining({ ...refusal, reason: expect.stringContaining(reason) }),
    )
  })
})

describe('tcpconnlat', () => {
  test.each(TCPCONNLAT)('%j is live %j', (args, live) => {
    expect(liveArguments('tcpconnlat', args)).toEqual(live)
  })

  test.each([
    [['soon'], '"soon" is not accepted'],
    [[''], '"" is not accepted'],
    [['5ms'], '"5ms" is not accepted'],
    [['1e30'], '"1e30" is not accepted'],
    [['-1'], 'unknown option "-1"'],
    [['1', '2'], 'unexpected argument "2"'],
    [['-U'], 'unknown option "-U"'],
    [['--ebpf'], '--ebpf is not supported'],
  ])('%j is refused', (args, what) => {
    expect(() => readAlias('tcpconnlat', args)).toThrow(what)
  })
})

test.each(['tcpconnect', 'tcpconnlat', 'tcpconnect-bpfcc'])('%s --help lists every option, with an example', (name) => {
  const tool = BCC_TOOLS[name.replace('-bpfcc', '')]
  for (const args of [['-h'], ['--help'], ['--he'], ['-?'], ['--usage'], ['-t', '-h']]) {
    const text = textOf(name, args)
    expect(text).toMatch(new RegExp(`^Usage: ${name} \\[options\\]`))
    expect(text).toMatch(new RegExp(`\\nExamples:\\n  sudo ${name} `))
    for (const { name: long, description } of tool?.options ?? []) {
      if (description !== '') expect(text).toMatch(new RegExp(` --${long}( [A-Z]+)? +${description.slice(0, 20)}`))
    }
  }
})

test('--version prints the version of tcpconn', () => {
  expect(textOf('tcpconnlat', ['-V'])).toBe(`tcpconnlat (tcpconn) ${TOOL_VERSION}\n`)
  expect(textOf('tcpconnect', ['--version'])).toContain(TOOL_VERSION)
})

test("bcc's options become options that live has", () => {
  const program = new Command('tcpconn')
  addRecordCommands(program, () => {})
  const live = program.commands.find((command) => command.name() === 'live')
  const known = live?.options.map(({ long }) => long) ?? []
  for (const { options, columns } of Object.values(BCC_TOOLS)) {
    const words = options.flatMap(({ becomes }) =>
      typeof becomes === 'object' && 'live' in becomes ? becomes.live : [],
    )
    for (const word of [...words, ...columns]) expect(known).toContain(word)
  }
})

test.each([
  ['/usr/local/bin/tcpconnect', 'tcpconnect'],
  ['/usr/sbin/tcpconnlat-bpfcc', 'tcpconnlat-bpfcc'],
  ['tcpconnlat', 'tcpconnlat'],
  ['/usr/local/bin/tcpconn', null],
  ['/opt/tcpconnect/dist/cli.js', null],
  ['/bin/constructor', null],
  ['', null],
])('the program name %s gives %s', (path, name) => {
  expect(findAlias(path)).toBe(name)
})
