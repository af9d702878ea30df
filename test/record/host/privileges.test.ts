import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  findInvokingUser,
  hintAtCapabilities,
  hintAtDirectory,
  missingCapabilities,
  readCapabilities,
} from '../../../src/record/host/privileges.js'
import { createUserNames } from '../../../src/record/host/user-names.js'

const NET_ADMIN = 1n << 12n
const SYS_ADMIN = 1n << 21n
const PERFMON = 1n << 38n
const BPF = 1n << 39n
const USERS = createUserNames('root:x:0:0::/root:/bin/sh\nana:x:1000:1001::/home/ana:/bin/sh\n')
const ANA = { uid: 1000, gid: 1001, name: 'ana', home: '/home/ana' }

afterEach(() => void vi.restoreAllMocks())

describe('capabilities', () => {
  test('are read from /proc/PID/status, effective or permitted', () => {
    const status =
      'Name:\tnode\nCapInh:\t0000000000000001\nCapPrm:\t000001ffffffffff\nCapEff:\t000000c000001000\nCapBnd:\tff\n'
    expect(readCapabilities('CapEff', status)).toBe(0xc000001000n)
    expect(readCapabilities('CapPrm', status)).toBe(0x1ffffffffffn)
    expect(readCapabilities('CapEff', 'Name:\tnode\n')).toBe(0n)
  })

  test('of this process can be read', () => {
    expect(readCapabilities()).toBeGreaterThanOrEqual(0n)
  })

  test.each([
    [0n, ['CAP_BPF', 'CAP_PERFMON']],
    [BPF, ['CAP_PERFMON']],
    [NET_ADMIN | PERFMON, ['CAP_BPF']],
    [BPF | PERFMON, []],
    [SYS_ADMIN, []],
    [0x1ffffffffffn, []],
    [~(SYS_ADMIN | BPF) & 0x1ffffffffffn, ['CAP_BPF']],
  ])('of %d: missing for loading programs: %j', (effective, missing) => {
    expect(missingCapabilities(effective)).toEqual(missing)
  })
})

describe('the hint about a directory', () => {
  test('names the user who has no write access, if sudo was used', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000)
    expect(hintAtDirectory({ SUDO_UID: '1000' })).toMatch(/record runs as the user behind sudo.*unset SUDO_UID/)
  })

  test.each([{}, { SUDO_UID: '0' }, { SUDO_UID: '33' }])('does not mention sudo otherwise: %j', (env) => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000)
    expect(hintAtDirectory(env)).toBe('name a file in your own directory')
  })
})

describe('the user of sudo', () => {
  const asRoot = () => void vi.spyOn(process, 'getuid').mockReturnValue(0)

  test('has the uid SUDO_UID and the gid SUDO_GID', () => {
    asRoot()
    expect(findInvokingUser(USERS, { SUDO_UID: '1000', SUDO_GID: '55' })).toEqual({ ...ANA, gid: 55 })
  })

  test.each([{}, { SUDO_GID: '' }, { SUDO_GID: 'x' }, { SUDO_GID: '-5' }])(
    'has the group of the account if SUDO_GID is missing or invalid: %j',
    (group) => {
      asRoot()
      expect(findInvokingUser(USERS, { SUDO_UID: '1000', ...group })).toEqual(ANA)
    },
  )

  test.each([{}, { SUDO_UID: '' }, { SUDO_UID: '0', SUDO_GID: '0' }])(
    'does not exist if root ran the tool: %j',
    (env) => {
      asRoot()
      expect(findInvokingUser(USERS, env)).toBeNull()
    },
  )

  test('is not determined if the process is not root', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000)
    expect(findInvokingUser(USERS, { SUDO_UID: '1000' })).toBeNull()
  })

  test.each(['4242', 'ana', '-1', '1e3', '00x'])('without an account is refused: SUDO_UID=%s', (uid) => {
    asRoot()
    expect(() => findInvokingUser(USERS, { SUDO_UID: uid })).toThrow(
      expect.objectContaining({ code: 'E_SUDO_USER', reason: expect.stringContaining(uid) }),
    )
  })
})

describe('the hint about missing capabilities', () => {
  test('suggests root', () => {
    expect(hintAtCapabilities(['CAP_BPF'], false)).toBe('run it as root, for example with sudo')
  })

  test('suggests container options if root lacks them', () => {
    const hint = hintAtCapabilities(['CAP_BPF', 'CAP_NET_ADMIN'], true)
    expect(hint).toMatch(
      /^root lacks CAP_BPF, CAP_NET_ADMIN here, as in a container: start it with --cap-add BPF --cap-add NET_ADMIN or --privileged/,
    )
    expect(hint).toContain('(Kubernetes)')
    expect(hint).not.toMatch(/run it as root|sudo/)
  })
})
