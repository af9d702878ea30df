import { describe, expect, test } from 'vitest'
import {
  checkBtf,
  checkCgroup,
  checkContainer,
  checkKernel,
  checkLibbpf,
  checkPrivileges,
  checkSqlite,
  renderCheck,
} from '../../../src/record/doctor/run-doctor.js'
import { TcpconnError } from '../../../src/base/errors.js'
import { describeHostGaps, type HostFindings } from '../../../src/record/host/host-gaps.js'
import { runTool } from '../../support/tool.js'

describe('the output of a check', () => {
  test('takes one line if the check passes', () => {
    expect(renderCheck({ name: 'kernel', found: 'Linux 6.1.0', todo: null })).toEqual(['ok  kernel      Linux 6.1.0'])
  })

  test('has the hint below a failed check', () => {
    expect(renderCheck({ name: 'BTF', found: 'missing', todo: 'do this' })).toEqual([
      'no  BTF         missing',
      '                do this',
    ])
  })

  test('distinguishes a missing feature from an error', () => {
    const [line] = renderCheck({ name: 'cgroup v2', found: 'not mounted', todo: 'mount it', isOptional: true })
    expect(line).toBe('--  cgroup v2   not mounted')
  })

  test('escapes terminal control characters', () => {
    expect(renderCheck({ name: 'x', found: '\x1b[2J', todo: '\x07' }).join()).not.toMatch(/[\x1b\x07]/)
  })
})

describe('kernel', () => {
  test('is recent enough', () => {
    expect(checkKernel('6.1.0-18-amd64')).toEqual({ name: 'kernel', found: 'Linux 6.1.0-18-amd64', todo: null })
  })

  test('is too old (GAP-01)', () => {
    expect(checkKernel('5.4.0').todo).toMatch(/kernel 5\.8 or newer/)
  })
})

describe('BTF', () => {
  test('exists', () => {
    expect(checkBtf('/').todo).toBeNull()
  })

  test('is missing', () => {
    expect(checkBtf('/no/btf')).toMatchObject({
      found: '/no/btf is missing',
      todo: expect.stringMatching(/CONFIG_DEBUG_INFO_BTF=y/),
    })
  })
})

describe('libbpf', () => {
  test('is installed, with its version', () => {
    expect(checkLibbpf()).toEqual({ name: 'libbpf', found: expect.stringMatching(/^version 1\.\d+/), todo: null })
  })

  test('is missing', () => {
    const { found, todo } = checkLibbpf('libbpf-of-nobody.so.1')
    expect(found).toMatch(/libbpf is missing: .*libbpf-of-nobody\.so\.1: .*cannot open shared object/)
    expect(todo).toContain('apt-get install libbpf1')
  })

  test('a library other than libbpf fails the check', () => {
    expect(checkLibbpf('libc.so.6').todo).not.toBeNull()
  })
})

describe('SQLite', () => {
  test('works, with its version', () => {
    expect(checkSqlite()).toEqual({ name: 'SQLite', found: expect.stringMatching(/^version 3\.\d+/), todo: null })
  })

  test('is compiled for another Node.js', () => {
    const fault = { what: 'cannot load it', reason: 'another Node.js', hint: 'repair it: npm rebuild' }
    const open = () => {
      throw new TcpconnError('E_NATIVE_MODULE', fault)
    }
    expect(checkSqlite(open)).toEqual({ name: 'SQLite', found: `${fault.what}: ${fault.reason}`, todo: fault.hint })
  })
})

describe('privileges', () => {
  test('are sufficient', () => {
    expect(checkPrivileges([]).todo).toBeNull()
  })

  test('names the missing capabilities', () => {
    expect(checkPrivileges(['CAP_BPF', 'CAP_PERFMON'], false)).toMatchObject({
      found: 'missing CAP_BPF, CAP_PERFMON',
      todo: expect.stringContaining('sudo tcpconn doctor'),
    })
  })
})

test('suggests container options if root lacks capabilities, as in a container', () => {
  const { todo } = checkPrivileges(['CAP_BPF', 'CAP_PERFMON'], true)
  expect(todo).toContain('--cap-add BPF --cap-add PERFMON or --privileged (podman, docker)')
  expect(todo).not.toContain('sudo')
})

describe('cgroup v2', () => {
  test('is mounted', () => {
    expect(checkCgroup({ path: '/sys/fs/cgroup', isWhole: true })).toEqual({
      name: 'cgroup v2',
      found: 'mounted at /sys/fs/cgroup',
      todo: null,
    })
  })

  test('not mounted: one feature is missing, recording works', () => {
    expect(checkCgroup(null)).toMatchObject({ isOptional: true, todo: expect.stringContaining('mount -t cgroup2') })
  })

  test('suggests a mount point that hides nothing', () => {
    const [, mountPoint] = /mount -t cgroup2 none (\S+?),/.exec(checkCgroup(null).todo ?? '') ?? []
    expect(mountPoint).not.toMatch(/^\/sys\/fs\/cgroup$/)
    expect(mountPoint).toMatch(/^\/run\//)
  })

  test('mounted only for the recorder', () => {
    const check = checkCgroup({ path: '/proc/self/fd/21', isWhole: true })
    expect(check).toEqual({ name: 'cgroup v2', found: 'the whole tree, through a private mount', todo: null })
  })
})

describe('container', () => {
  const whole = { hasHostPids: true, hasRoot: true, hasName: true, cgroups: 'all' as const, accountServices: [] }

  test('prints no line in a container that has the namespaces of the host', () => {
    expect(checkContainer({ gaps: describeHostGaps(whole) })).toEqual([])
  })

  test('reports that a container cannot query accounts of the host (GAP-75)', () => {
    const gaps = describeHostGaps({ ...whole, accountServices: ['sss', 'ldap'] })
    expect(checkContainer({ gaps })).toEqual([
      {
        name: 'container',
        found: expect.stringContaining('users from other sources (sss, ldap) have no names'),
        todo: 'run the recorder on the host itself',
        isOptional: true,
      },
    ])
  })

  test.each<[Partial<HostFindings>, string, string]>([
    [{ hasHostPids: false }, 'the processes of the host', '--pid=host (podman, docker), hostPID: true (Kubernetes)'],
    [{ cgroups: 'none' as const }, 'sees no cgroups', '--privileged (podman, docker)'],
    [{ cgroups: 'own' as const }, 'its own cgroup only', '--cgroupns=host (podman, docker)'],
    [{ hasRoot: false }, 'the files of the host', 'mount / of the host at /host'],
    [{ hasName: false }, 'the name of the host', '--uts=host (podman, docker)'],
  ])(
    '%o: reports what is hidden, and the option that shows it (GAP-16, GAP-17, GAP-19, GAP-20)',
    (missing, found, todo) => {
      const gaps = describeHostGaps({ ...whole, ...missing })
      expect(checkContainer({ gaps })).toEqual([
        {
          name: 'container',
          found: expect.stringContaining(found),
          todo: expect.stringMatching(/^start it with /),
          isOptional: true,
        },
      ])
      expect(gaps[0]).toContain(todo)
    },
  )
})

test('the exit status shows whether this host can record, and every line is a check or a hint', async () => {
  const { stdout, stderr, status } = await runTool(['doctor'])
  const lines = stdout.trimEnd().split('\n')
  expect(stderr).toBe('')
  const names = lines.flatMap((line) => /^(?:ok|no|--) {2}(.{11})/.exec(line)?.[1]?.trim() ?? [])
  const basics = ['kernel', 'BTF', 'libbpf', 'SQLite', 'privileges', 'cgroup v2', 'probe', 'ring']
  // Optional features are checked only if the probe can be loaded.
  const features = lines.some((line) => line.startsWith('no'))
    ? []
    : ['DNS', 'getaddrinfo', 'NAT', 'connect(2)', 'containers', 'addresses', 'namespaces', 'names']
  expect(names).toEqual([...basics, ...features])
  for (const line of lines) expect(line).toMatch(/^(ok|no|--) {2}\S|^ {16}\S/)
  expect(status).toBe(lines.some((line) => line.startsWith('no')) ? 1 : 0)
})
