import { describe, expect, test } from 'vitest'
import { parseComms, parseIds, parseOutcomes, parsePorts, parsePrefixes } from '../../src/options/parse-lists.js'
import { formatAddress } from '../../src/attempt/address.js'
import { FAILED_OUTCOMES, OUTCOMES } from '../../src/attempt/outcome.js'
import { expectRefusal } from './expect-refusal.js'

describe('process ids', () => {
  test.each([
    [['1234'], [1234]],
    [
      ['1,2', '3'],
      [1, 2, 3],
    ],
    [[' 1 , 2 '], [1, 2]],
    [['5,5', '5'], [5]],
    [['4194304'], [4_194_304]],
    [[], []],
  ])('%j', (texts, pids) => {
    expect(parseIds('--pid', texts)).toEqual(pids)
  })

  test.each(['0', '-1', '1.5', 'abc', '0x10', '4294967296', '99999999999', '1e3', '１２'])('%j is refused', (text) => {
    expectRefusal(() => parseIds('--pid', [text]), '--pid', text, /process ids like/)
  })

  test.each(['', ',', '1,,2', '1,'])('an empty entry in %j is refused', (text) => {
    expectRefusal(() => parseIds('--pid', [text]), '--pid', text, /process ids like/)
  })
})

describe('ports', () => {
  test('are from 1 to 65535', () => {
    expect(parsePorts(['1,65535', '443'])).toEqual([1, 65_535, 443])
  })

  test('may be any number of ports', () => {
    const all = Array.from({ length: 65_535 }, (_, i) => i + 1)
    expect(parsePorts([all.join()])).toEqual(all)
  })

  test.each(['0', '65536', 'http', '80-90', '-80', ' '])('%j is refused', (text) => {
    expectRefusal(() => parsePorts([text]), '--port', text, /ports from 1 to 65535/)
  })
})

describe('thread names', () => {
  test('may contain commas, blanks and any byte', () => {
    expect(parseComms(['a,b c', 'x'.repeat(15), '日本日本日', '\x1b[1m'])).toEqual([
      'a,b c',
      'x'.repeat(15),
      '日本日本日',
      '\x1b[1m',
    ])
  })

  test.each(['', 'x'.repeat(16), '日本日本日本'])('%j is refused', (text) => {
    expectRefusal(() => parseComms([text]), '--comm', text, /a thread's name as in ps -o comm, 1 to 15 bytes/)
  })
})

describe('outcomes', () => {
  test('are names, without duplicates', () => {
    expect(parseOutcomes(['refused,timed_out', 'refused'])).toEqual(['refused', 'timed_out'])
    expect(parseOutcomes(OUTCOMES)).toEqual(OUTCOMES)
  })

  test('failed includes all outcomes without a connection', () => {
    expect(parseOutcomes(['failed'])).toEqual(FAILED_OUTCOMES)
    expect(parseOutcomes(['established,failed,refused'])).toEqual(['established', ...FAILED_OUTCOMES])
  })

  test.each(['ok', 'Refused', 'timed-out', '', '1'])('%j is refused', (text) => {
    expectRefusal(() => parseOutcomes([text]), '--outcome', text, /failed, established, refused, timed_out, .* pending/)
  })
})

test('an unknown outcome is refused with a suggestion', () => {
  expect(() => parseOutcomes(['faild'])).toThrow(expect.objectContaining({ hint: 'did you mean failed?' }))
  expect(() => parseOutcomes(['timed-out'])).toThrow(expect.objectContaining({ hint: 'did you mean timed_out?' }))
})

describe('destinations', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0', 104],
    ['192.0.2.7', '192.0.2.7', 128],
    ['0.0.0.0/0', '0.0.0.0', 96],
    ['255.255.255.255/32', '255.255.255.255', 128],
    ['2001:db8::/32', '2001:db8::', 32],
    ['::1', '::1', 128],
    ['fe80::/10', 'fe80::', 10],
    ['::ffff:10.0.0.0/104', '10.0.0.0', 104],
  ])('%s', (text, address, length) => {
    const [prefix, ...others] = parsePrefixes([text])
    expect(others).toEqual([])
    expect(formatAddress(prefix!.address)).toBe(address)
    expect(prefix).toMatchObject({ length })
    expect(prefix!.address).toHaveLength(16)
  })

  test('may be a list', () => {
    expect(parsePrefixes(['10.0.0.0/8, ::1', '192.0.2.7']).map((prefix) => prefix.length)).toEqual([104, 128, 128])
  })

  const WRONG = [
    'localhost',
    '10.0.0',
    '10',
    '0x7f.1',
    '010.0.0.1',
    '10.0.0.256',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/a',
  ]
  const ALSO_WRONG = ['10.0.0.0/8/8', '10.0.0.0/-1', 'fe80::1%eth0', '1:2', ':::', '', '/8', '10.0.0.1:80', '[::1]']
  test.each([...WRONG, ...ALSO_WRONG])('%j is refused', (text) => {
    expectRefusal(() => parsePrefixes([text]), '--dst', text, /addresses or networks like/)
  })
})
