import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openDestination } from '../../../src/analyze/result/destination.js'
import { FORMAT_NAMES } from '../../../src/analyze/result/format.js'
import { FORMATS } from '../../../src/analyze/result/formats.js'
import { UsageError } from '../../../src/errors.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const { isTTY, columns } = process.stdout

afterEach(() => {
  vi.unstubAllEnvs()
  Object.assign(process.stdout, { isTTY, columns })
})

/** stdout as a terminal of that width. */
function pretendTerminal(width: number | undefined): void {
  Object.assign(process.stdout, { isTTY: true, columns: width })
  vi.stubEnv('NO_COLOR', '')
  vi.stubEnv('TERM', 'xterm')
}

const isColoured = (path?: string) => openDestination(path, FORMATS.table).paint.failure('1') !== '1'

describe('a terminal', () => {
  test('has its width and colours', () => {
    pretendTerminal(99)
    expect(openDestination(undefined, FORMATS.table).width).toBe(99)
    expect(openDestination('-', FORMATS.table).width).toBe(99)
    expect(isColoured()).toBe(true)
  })

  test('that does not know its width has no limit', () => {
    pretendTerminal(0)
    expect(openDestination(undefined, FORMATS.table).width).toBe(Infinity)
  })

  test.each(['NO_COLOR', 'TERM'])('has no colours when %s says so', (name) => {
    pretendTerminal(80)
    vi.stubEnv(name, name === 'TERM' ? 'dumb' : '1')
    expect(isColoured()).toBe(false)
  })

  test.each(FORMAT_NAMES)('takes %s only if it is text', (name) => {
    pretendTerminal(80)
    const open = () => openDestination('-', FORMATS[name])
    if (FORMATS[name].kind !== 'binary data') return expect(open).not.toThrow()
    expect(open).toThrow(UsageError)
    expect(open).toThrow(expect.objectContaining({ reason: expect.stringContaining('-o FILE') }))
  })
})

test.each(['arrow', 'parquet'] as const)('a pipe takes %s', (name) => {
  Object.assign(process.stdout, { isTTY: undefined, columns: undefined })
  expect(openDestination(undefined, FORMATS[name]).width).toBe(Infinity)
})

describe('a file', () => {
  const newPath = () => join(makeTemporaryDirectory(), 'out')

  test('is as wide as it needs, without colours, also beside a terminal', () => {
    pretendTerminal(80)
    const destination = openDestination(newPath(), FORMATS.table)
    expect([destination.width, destination.paint.loss('x')]).toEqual([Infinity, 'x'])
    destination.abort()
  })

  test('is there when it is whole', async () => {
    const path = newPath()
    const destination = openDestination(path, FORMATS.parquet)
    expect(existsSync(path)).toBe(false)
    await destination.write(['text ', Uint8Array.of(0xff, 0)])
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.from('text '), Buffer.of(0xff, 0)]))
    destination.abort()
    expect(readdirSync(dirname(path))).toEqual(['out'])
  })

  test('is not there when what is written fails', async () => {
    const path = newPath()
    const destination = openDestination(path, FORMATS.json)
    function* chunks() {
      yield 'first'
      throw new Error('no second')
    }
    await expect(destination.write(chunks())).rejects.toThrow('no second')
    destination.abort()
    expect(readdirSync(dirname(path))).toEqual([])
  })
})
