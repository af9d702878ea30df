import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { chooseDestination } from '../../../src/analyze/result/destination.js'
import { FORMAT_NAMES } from '../../../src/analyze/result/format.js'
import { FORMATS } from '../../../src/analyze/formats.js'
import type { Result } from '../../../src/analyze/result/result.js'
import { UsageError } from '../../../src/base/errors.js'
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

const isColoured = (path?: string) => chooseDestination(path, FORMATS.table).paint.failure('1') !== '1'

describe('a terminal', () => {
  test('sets width and colors', () => {
    pretendTerminal(99)
    expect(chooseDestination(undefined, FORMATS.table).width).toBe(99)
    expect(chooseDestination('-', FORMATS.table).width).toBe(99)
    expect(isColoured()).toBe(true)
  })

  test('without a known width has no limit', () => {
    pretendTerminal(0)
    expect(chooseDestination(undefined, FORMATS.table).width).toBe(Infinity)
  })

  test.each(['NO_COLOR', 'TERM'])('has no colors if %s disables them', (name) => {
    pretendTerminal(80)
    vi.stubEnv(name, name === 'TERM' ? 'dumb' : '1')
    expect(isColoured()).toBe(false)
  })

  test.each(FORMAT_NAMES)('accepts %s only if it is text', (name) => {
    pretendTerminal(80)
    const open = () => chooseDestination('-', FORMATS[name])
    if (FORMATS[name].kind !== 'binary data') return expect(open).not.toThrow()
    expect(open).toThrow(UsageError)
    expect(open).toThrow(expect.objectContaining({ reason: expect.stringContaining('-o FILE') }))
  })
})

test.each(['arrow', 'parquet'] as const)('a pipe accepts %s', (name) => {
  Object.assign(process.stdout, { isTTY: undefined, columns: undefined })
  expect(chooseDestination(undefined, FORMATS[name]).width).toBe(Infinity)
})

describe('a file', () => {
  test('is created at the first write, and an unusable name is refused at once', () => {
    const path = newPath()
    chooseDestination(path, FORMATS.csv)
    expect(readdirSync(dirname(path))).toEqual([])
    writeFileSync(path, 'mine')
    const refused = (output: string, code: string) =>
      expect(() => chooseDestination(output, FORMATS.csv)).toThrow(expect.objectContaining({ code }))
    refused(path, 'E_EXISTS')
    refused(join(path, 'below'), 'E_CANNOT_OPEN')
    refused(join(dirname(path), 'missing', 'out'), 'E_CANNOT_OPEN')
    refused('', 'E_USAGE')
    expect(() => chooseDestination('/dev/null', FORMATS.csv)).not.toThrow()
  })

  test('gets the Arrow file format, stdout the stream format', async () => {
    const result: Result = {
      columns: [{ name: 'n', heading: 'N', kind: 'count' }],
      rows: [[1]],
      hiddenRows: 0,
      notes: [],
    }
    const startOf = async (output: string | undefined) => {
      const destination = chooseDestination(output, FORMATS.arrow)
      const [first] = await FORMATS.arrow.render(result, { ...destination, loss: [], cover: [] })
      return Buffer.from(first as Uint8Array).toString('latin1', 0, 4)
    }
    Object.assign(process.stdout, { isTTY: undefined })
    expect([await startOf(newPath()), await startOf(undefined)]).toEqual(['ARRO', '\xff\xff\xff\xff'])
  })

  const newPath = () => join(makeTemporaryDirectory(), 'out')

  test('has no width limit and no colors, also if stdout is a terminal', () => {
    pretendTerminal(80)
    const destination = chooseDestination(newPath(), FORMATS.table)
    expect([destination.width, destination.paint.loss('x')]).toEqual([Infinity, 'x'])
  })

  test('gets its name when it is complete', async () => {
    const path = newPath()
    const destination = chooseDestination(path, FORMATS.parquet)
    expect(existsSync(path)).toBe(false)
    await destination.write(['text ', Uint8Array.of(0xff, 0)])
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.from('text '), Buffer.of(0xff, 0)]))
    expect(readdirSync(dirname(path))).toEqual(['out'])
  })

  test('handles signals before it gets its name', async () => {
    const path = newPath()
    const isThere: boolean[] = []
    function* chunks() {
      setImmediate(() => isThere.push(existsSync(path)))
      yield 'only'
    }
    await chooseDestination(path, FORMATS.json).write(chunks())
    expect(isThere).toEqual([false])
  })

  test('does not remain after an error', async () => {
    const path = newPath()
    const destination = chooseDestination(path, FORMATS.json)
    function* chunks() {
      yield 'first'
      throw new Error('no second')
    }
    await expect(destination.write(chunks())).rejects.toThrow('no second')
    expect(readdirSync(dirname(path))).toEqual([])
  })
})
