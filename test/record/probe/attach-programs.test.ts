import { copyFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMappedLibcs } from '../../../src/record/host/find-libcs.js'
import { NO_RECORD_FILTERS } from '../../../src/record/options/record-options.js'
import { chooseApproach } from '../../../src/record/probe/approach.js'
import { attachPrograms } from '../../../src/record/probe/attach-programs.js'
import type { ProbeObject } from '../../../src/record/probe/probe-object.js'
import { firstOutput, start } from '../../support/process.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { PLAIN_HOST } from '../../support/host-view.js'

const LIBC = {
  filters: NO_RECORD_FILTERS,
  host: PLAIN_HOST,
  followsCommand: false,
  dnsSource: 'libc',
  dnsPorts: [53],
  localErrors: false,
  nat: false,
} as const

/** Attaches to the libcs of this host. `canAttach` decides whether the kernel allows it. */
function attach(canAttach: (program: string, inode: number) => boolean) {
  const calls: [program: string, inode: number, offsetBytes: number, isReturn: boolean][] = []
  const object: Partial<ProbeObject> = {
    attach() {},
    attachToFunction(program, file, { offsetBytes, isReturn }) {
      const inode = statSync(file).ino
      calls.push([program, inode, offsetBytes, isReturn])
      return canAttach(program, inode)
    },
  }
  return { gaps: attachPrograms(object as ProbeObject, LIBC, chooseApproach('6.1.0')), calls }
}

/** Starts a process with its own copy of libc, and returns the inode number of the copy. */
async function useCopiedLibc(): Promise<number> {
  const directory = makeTemporaryDirectory()
  const copy = join(directory, 'libc.so.6')
  copyFileSync(readMappedLibcs(readFileSync('/proc/self/maps', 'utf8'))[0]?.path as string, copy)
  await firstOutput(start(['sh', '-c', 'echo ready; read line'], { env: { LD_LIBRARY_PATH: directory } }))
  return statSync(copy).ino
}

test('attaches to the entry of getaddrinfo of each libc, then to its return, at the same offset', async () => {
  const copy = await useCopiedLibc()
  const { calls, gaps } = attach(() => true)
  const own = calls.filter(([, inode]) => inode === copy)
  expect(own.map(([program, , , isReturn]) => [program, isReturn])).toEqual([
    ['enter_getaddrinfo', false],
    ['exit_getaddrinfo', true],
  ])
  expect(own[0]?.[2]).toBe(own[1]?.[2])
  expect(gaps).toEqual([])
})

test('reports a libc that it cannot attach to, and attaches to the others', async () => {
  const copy = await useCopiedLibc()
  const { gaps } = attach((_, inode) => inode !== copy)
  expect(gaps).toEqual(['--dns=libc could not attach to 1 libc: lookups through them are missing'])
})

test.each(['enter_getaddrinfo', 'exit_getaddrinfo'])(
  'throws E_NO_LIBC if %s cannot be attached to any libc',
  (program) => {
    expect(() => attach((one) => one !== program)).toThrow(expect.objectContaining({ code: 'E_NO_LIBC' }))
  },
)
