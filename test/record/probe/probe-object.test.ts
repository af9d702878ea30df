import { describe, expect, test } from 'vitest'
import type { Libbpf } from '../../../src/record/probe/libbpf.js'
import type { LibbpfLog } from '../../../src/record/probe/libbpf-log.js'
import { openObject } from '../../../src/record/probe/probe-object.js'

const LOG: LibbpfLog = { text: () => 'all lines', summary: () => 'the line that says most', stop: () => {} }

/** A libbpf that does all that it is asked, but for what `changes` say. */
function libbpfWith(changes: Partial<Libbpf>): Libbpf {
  return {
    strerror: () => 'why',
    openFile: () => 1n,
    findMap: () => 2n,
    findProgram: () => 3n,
    mapFd: () => 4,
    load: () => 0,
    attach: () => 5n,
    updateElement: () => 0,
    ...changes,
  } as unknown as Libbpf
}

const open = (changes: Partial<Libbpf> = {}) => openObject(libbpfWith(changes), 'probe.o', LOG)
const failure = (what: string) =>
  expect.objectContaining({
    code: 'E_PROBE',
    message: expect.stringMatching(new RegExp(`^cannot ${what} the probe: why$`)),
    reason: 'the line that says most',
    hint: expect.stringContaining('tcpconn doctor'),
    cause: expect.objectContaining({ message: 'all lines' }),
  })

describe('E_PROBE says which step failed, and what libbpf said', () => {
  test.each([
    ['open', () => open({ openFile: () => null })],
    ['load', () => open({ load: () => -1 }).load()],
    ['attach', () => open({ attach: () => null }).attach('trace_connect')],
    ['attach', () => open({ attach: () => 0n }).attach('trace_connect')],
    [
      'fill pid_filter of',
      () => open({ updateElement: () => -7 }).set('pid_filter', new Uint8Array(4), new Uint8Array(1)),
    ],
  ])('%s', (what, step) => {
    expect(step).toThrow(failure(what))
  })
})

test('an object that lacks a map or a program is not of this version', () => {
  expect(() => open({ findMap: () => null }).map('events')).toThrow(/no events/)
  expect(() => open({ findProgram: () => 0n }).program('trace_connect')).toThrow(/no trace_connect/)
})

test('all goes well without a word', () => {
  const object = open()
  object.load()
  object.set('pid_filter', new Uint8Array(4), new Uint8Array(1))
  expect([object.attach('trace_connect'), object.mapFd('events')]).toEqual([5n, 4])
})
