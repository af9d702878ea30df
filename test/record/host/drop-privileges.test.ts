import { describe, expect, test } from 'vitest'
import { requireDropped } from '../../../src/record/host/drop-privileges.js'

const GAMES = { uid: 5, gid: 60, name: 'games', home: '/usr/games' }
const CAP_BPF = 39

/** The fields of /proc/PID/task/TID/status that are read. */
function statusOf(changes: Record<string, string> = {}): string {
  const fields = {
    Name: 'node',
    Pid: '100',
    Uid: '5\t5\t5\t5',
    Gid: '60\t60\t60\t60',
    Groups: '60 100 ',
    CapInh: '0000000000000000',
    CapPrm: '0000000000000000',
    CapEff: '0000000000000000',
    CapBnd: '000001ffffffffff',
    CapAmb: '0000000000000000',
    ...changes,
  }
  return Object.entries(fields)
    .map(([name, value]) => `${name}:\t${value}\n`)
    .join('')
}

const MAIN = statusOf({ CapPrm: '0000008000000000', CapEff: '0000008000000000' })

describe('the check of all threads', () => {
  test('accepts the user in every thread, and one capability in the first thread', () => {
    requireDropped([MAIN, statusOf(), statusOf()], GAMES, CAP_BPF)
  })

  test.each([
    { Uid: '5\t5\t0\t5' },
    { Uid: '0\t0\t0\t0' },
    { Gid: '60\t60\t60\t0' },
    { Groups: '0 60 100 ' },
    { Groups: '' },
    { CapInh: '0000000000000001' },
    { CapPrm: '0000008000000000' },
    { CapEff: '0000000000200000' },
    { CapAmb: '0000008000000000' },
  ])('refuses another thread with %j (SEC-09)', (changes) => {
    const [field = ''] = Object.keys(changes)
    expect(() => requireDropped([MAIN, statusOf(), statusOf({ Pid: '102', ...changes })], GAMES, CAP_BPF)).toThrow(
      expect.objectContaining({
        code: 'E_PRIVILEGES_LEFT',
        reason: expect.stringContaining(`thread 102 (node) has ${field} `),
        hint: 'unset SUDO_UID to record as root',
      }),
    )
  })

  test('refuses a first thread with more capabilities, or without the required one', () => {
    for (const set of ['000001ffffffffff', '0000000000000000']) {
      const main = statusOf({ CapPrm: set, CapEff: '0000008000000000' })
      expect(() => requireDropped([main], GAMES, CAP_BPF)).toThrow(
        expect.objectContaining({ code: 'E_PRIVILEGES_LEFT' }),
      )
    }
  })

  test('suggests a solution for an io_uring thread, which the kernel created for root', () => {
    const thread = statusOf({ Name: 'iou-sqp-100', Pid: '101', Uid: '0\t0\t0\t0' })
    expect(() => requireDropped([MAIN, thread], GAMES, CAP_BPF)).toThrow(
      expect.objectContaining({
        reason: 'thread 101 (iou-sqp-100) has Uid 0 0 0 0 instead of 5 5 5 5',
        hint: expect.stringMatching(/^unset UV_USE_IO_URING: /),
      }),
    )
  })
})
