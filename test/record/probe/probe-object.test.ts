import { describe, expect, test } from 'vitest'
import type { Libbpf } from '../../../src/record/native/libbpf.js'
import type { LibbpfLog } from '../../../src/record/native/libbpf-log.js'
import { openObject } from '../../../src/record/probe/probe-object.js'

const LOG: LibbpfLog = { text: () => 'all lines', summary: () => 'the line that says most', stop: () => {} }

/** A libbpf whose calls all succeed, except for `changes`. */
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

describe('E_PROBE names the failed step, and the reason that libbpf reports', () => {
  test.each([
    ['open', () => open({ openFile: () => null })],
    ['load', () => open({ load: () => -1 }).load()],
    ['attach', () => open({ attach: () => null }).attach('trace_connect')],
    ['attach', () => open({ attach: () => 0n }).attach('trace_connect')],
    [
      'fill pid_filter of',
      () => open({ updateElement: () => -7 }).set('pid_filter', new Uint8Array(4), new Uint8Array(1)),
    ],
  ])('the failed step is: %s', (what, step) => {
    expect(step).toThrow(failure(what))
  })
})

test('an object without a required map or program is of another version', () => {
  expect(() => open({ findMap: () => null }).map('events')).toThrow(/no events/)
  expect(() => open({ findProgram: () => 0n }).program('trace_connect')).toThrow(/no trace_connect/)
})

test('links are closed once, with the object; those of functions only then, because closing them is slow', () => {
  const calls: string[] = []
  let link = 10n
  const object = open({
    attach: () => link++,
    attachToCgroup: () => link++,
    attachToPerfEvent: () => link++,
    attachToFunction: (_program, path) => (path === 'libc' ? link++ : null),
    destroyLink: (ended) => calls.push(`link ${ended}`),
    close: () => void calls.push('object'),
  })
  object.attach('follow_connect')
  object.attachToCgroup('follow_queries', 7)
  object.attachToEvent('enter_connect', 8)
  const target = { offsetBytes: 4096, isReturn: false }
  expect(['libc', 'words'].map((file) => object.attachToFunction('enter', file, target))).toEqual([true, false])
  object.detach([])
  expect(calls).toEqual(['link 10', 'link 11', 'link 12'])
  object.attach('follow_connect')
  object.close()
  expect(calls.slice(3)).toEqual(['link 14', 'link 13', 'object'])
})

test('one program is detached once, and may be attached again', () => {
  const calls: string[] = []
  let link = 10n
  const object = open({ attach: () => link++, destroyLink: (ended) => calls.push(`link ${ended}`), close: () => {} })
  for (const name of ['follow_connect', 'follow_skipped']) object.attach(name)
  object.detachOne('follow_skipped')
  object.detachOne('follow_skipped')
  object.detachOne('follow_cgroup')
  expect(calls).toEqual(['link 11'])
  object.attach('follow_skipped')
  object.detachOne('follow_skipped')
  object.detach([])
  expect(calls).toEqual(['link 11', 'link 12', 'link 10'])
})

test('programs that must be detached first are, in any order of attaching', () => {
  const calls: string[] = []
  let link = 10n
  const object = open({ attach: () => link++, destroyLink: (ended) => calls.push(`link ${ended}`), close: () => {} })
  for (const name of ['follow_connect', 'catch_error', 'follow_skipped', 'catch_destroyed']) object.attach(name)
  object.detach(['catch_error', 'catch_destroyed', 'never_attached'])
  expect(calls).toEqual(['link 11', 'link 13', 'link 10', 'link 12'])
})

test('a program runs once, with options of the size that libbpf expects', () => {
  const runs: number[][] = []
  const runProgram: Libbpf['runProgram'] = (fd, options) => {
    runs.push([fd, options.byteLength, ...options.slice(0, 2)])
    return fd === 3 ? 0 : -1
  }
  open({ programFd: () => 3, runProgram }).run('catch_established')
  expect(runs).toEqual([[3, 80, 80, 0]])
  expect(() => open({ programFd: () => 4, runProgram }).run('catch_established')).toThrow(failure('run a program of'))
})

test('nothing is logged if all calls succeed', () => {
  const object = open()
  object.load()
  object.set('pid_filter', new Uint8Array(4), new Uint8Array(1))
  object.attach('trace_connect')
  expect(object.mapFd('events')).toBe(4)
})
